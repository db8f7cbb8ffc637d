import { describe, expect, it } from 'vitest';
import { addressLabel, addressProblem } from './blackBoxAddress';

describe('the address of a black box', () => {
  it.each([
    'https://example.org/classify',
    'http://localhost:8000/',
    'http://127.0.0.1:9/x',
    'http://[::1]:8/',
  ])('takes %s', (url) => expect(addressProblem(url)).toBeNull());

  it.each([
    ['', /not an address/],
    ['example.org/classify', /not an address/],
    ['http://example.org/', /must be https, or http on this machine/],
    ['http://127.0.0.1.example.org/', /must be https/],
    ['ftp://example.org/', /must be https/],
    ['file:///etc/passwd', /must be https/],
    ['https://user:word@example.org/', /password/],
  ])('refuses %j', (url, reason) => expect(addressProblem(url)).toMatch(reason));

  it('is called by its host and path, without what is asked of it', () => {
    expect(addressLabel('https://example.org:8443/v1/ask?key=secret#x')).toBe('example.org:8443/v1/ask');
  });
});

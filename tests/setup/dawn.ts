// GPU tests in Node run on Dawn; in a browser (see vitest.browser.config.ts) WebGPU is already there.
if (typeof process !== 'undefined' && process.versions?.node) {
  const { installDawn } = await import('../../headless/dawn');
  await installDawn();
}
export {};

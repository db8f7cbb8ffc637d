import { describe, expect, it } from 'vitest';
import { folderLayout } from './folderLayout';

function layout(paths: readonly string[]) {
  const { classNames, train, test } = folderLayout(paths, 'data.zip');
  const part = (of: typeof train) => ({
    files: [...of.files].map((i) => paths[i]),
    labels: of.labels === null ? null : [...of.labels],
  });
  return { classNames, train: part(train), test: test === null ? null : part(test) };
}

describe('folderLayout', () => {
  it('takes train and test folders, classes and images in sorted order, folders around them aside', () => {
    expect(
      layout([
        'a/b/test/dog/2.jpg',
        'a/b/train/dog/10.png',
        'a/b/train/dog/1.JPG',
        'a/b/train/cat/z.jpeg',
        'a/b/notes.md',
      ]),
    ).toEqual({
      classNames: ['cat', 'dog'],
      train: {
        files: ['a/b/train/cat/z.jpeg', 'a/b/train/dog/1.JPG', 'a/b/train/dog/10.png'],
        labels: [0, 1, 1],
      },
      test: { files: ['a/b/test/dog/2.jpg'], labels: [1] },
    });
  });

  // torchvision walks sorted folders, so what lies in a class's own folder comes before its subfolders.
  it('orders a class as ImageFolder does: by folder, then by name', () => {
    const { train } = layout(['c/b/1.png', 'c/a/2.png', 'c/9.png', 'd/0.png']);
    expect(train.files).toEqual(['c/9.png', 'c/a/2.png', 'c/b/1.png', 'd/0.png']);
    expect(train.labels).toEqual([0, 0, 0, 1]);
  });

  it('sorts class names as text: 10 before 2', () => {
    expect(layout(['2/a.png', '10/a.png', '1/a.png']).classNames).toEqual(['1', '10', '2']);
  });

  it('takes class folders alone, with no test part', () => {
    expect(layout(['x/cat/1.png', 'x/dog/1.png'])).toMatchObject({ classNames: ['cat', 'dog'], test: null });
    expect(layout(['train/cat/1.png'])).toMatchObject({
      classNames: ['cat'],
      train: { labels: [0] },
      test: null,
    });
  });

  it('takes val and valid for test, and test before val', () => {
    expect(layout(['Train/a/1.png', 'valid/a/2.png']).test?.files).toEqual(['valid/a/2.png']);
    expect(layout(['train/a/1.png', 'val/a/2.png', 'test/a/3.png']).test?.files).toEqual(['test/a/3.png']);
    expect(layout(['test/a/3.png', 'test/b/3.png'])).toMatchObject({ classNames: ['a', 'b'], test: null });
  });

  it('takes images without folders as unlabelled', () => {
    expect(layout(['b.png', 'a.jpg'])).toEqual({
      classNames: [],
      train: { files: ['a.jpg', 'b.png'], labels: null },
      test: null,
    });
    expect(layout(['photos/b.png', 'photos/a.jpg']).train.labels).toBeNull();
  });

  it('passes over what systems leave behind and what lies beside the classes', () => {
    const { classNames, train } = layout([
      '__MACOSX/cat/._1.png',
      'cat/1.png',
      'cat/.hidden.png',
      'dog/1.png',
      'top.png',
      '.git/x/1.png',
    ]);
    expect(classNames).toEqual(['cat', 'dog']);
    expect(train.files).toEqual(['cat/1.png', 'dog/1.png']);
  });

  it('names what stands in the way', () => {
    const code = (paths: readonly string[]) => {
      try {
        folderLayout(paths, 'data.zip');
        return 'fine';
      } catch (thrown) {
        return (thrown as { code: string }).code;
      }
    };
    expect(code(['notes.txt'])).toBe('dataset/no-images');
    expect(code([])).toBe('dataset/no-images');
    expect(code(['cat/1.png', 'cat/2.webp'])).toBe('format/unsupported');
    expect(code(['train/cat/1.png', 'test/bird/2.png'])).toBe('dataset/bad-labels');
  });
});

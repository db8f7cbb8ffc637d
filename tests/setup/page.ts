// For the unit tests that have a document: how long they wait for the page. The machine may be busy with other things, and nothing in
// them depends on how long it takes, so the library's one second is no verdict.
if ('document' in globalThis) {
  const { configure } = await import('@testing-library/react');
  configure({ asyncUtilTimeout: 15_000 });
}

export {};

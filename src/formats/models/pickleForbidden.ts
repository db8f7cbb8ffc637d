/**
 * Names whose appearance in a pickle means code would run when Python loads it. Nothing outside the allow-list
 * of pickleGlobals.ts is ever looked up or run here, whatever its name; this list only decides whether a file is
 * refused as hostile, so that nobody carries it on to a loader that would run it.
 */
const FORBIDDEN_MODULES: ReadonlySet<string> = new Set([
  'os', 'posix', 'nt', 'ntpath', 'posixpath', 'subprocess', 'sys', 'socket', 'shutil', 'importlib', 'imp',
  'runpy', 'code', 'codeop', 'pty', 'ctypes', '_ctypes', 'commands', 'popen2', 'webbrowser', 'marshal', 'pickle', '_pickle',
  'cPickle', 'dill', 'cloudpickle', 'pdb', 'bdb', 'timeit', 'profile', 'cProfile', 'trace', 'pip', 'ensurepip',
  'urllib', 'urllib2', 'http', 'httplib', 'requests', 'ftplib', 'smtplib', 'telnetlib', 'platform', 'signal', 'asyncio',
  'multiprocessing', 'threading', '_thread', 'thread', 'venv', 'distutils', 'setuptools', 'pkgutil', 'zipimport',
  'linecache', 'pydoc', 'doctest', 'idlelib', 'inspect', 'gc', 'atexit', 'tempfile', 'glob', 'sqlite3', 'turtle',
  '_posixsubprocess', '_osx_support', '_aix_support', 'cgi', 'aifc', 'winreg', '_winapi', 'msvcrt',
]); // prettier-ignore

/** Names of `builtins` (`__builtin__` in Python 2) that run code, import, or reach any attribute. */
const FORBIDDEN_BUILTINS: ReadonlySet<string> = new Set([
  'eval', 'exec', 'execfile', 'compile', 'open', 'file', 'input', 'raw_input', '__import__', 'apply', 'getattr', 'setattr',
  'delattr', 'globals', 'locals', 'vars', 'breakpoint', 'help', 'reload', 'exit', 'quit', 'map', 'filter', 'reduce',
]); // prettier-ignore

/** Single names in modules that are otherwise harmless. A trailing dot means everything below. */
const FORBIDDEN_NAMES: readonly string[] = [
  'operator.attrgetter', 'operator.methodcaller', '_operator.attrgetter', '_operator.methodcaller',
  'types.FunctionType', 'types.CodeType', 'types.ModuleType', 'functools.reduce', 'torch.load', 'torch.hub.',
  'torch.serialization.load', 'torch.jit.load', 'torch.utils.cpp_extension.', 'torch.utils.model_zoo.',
  'torch._inductor.', 'torch.distributed.rpc.', 'numpy.load', 'numpy.loads', 'numpy.testing.', 'numpy.f2py.', 'numpy.distutils.', 'numpy.ctypeslib.',
  'site.', 'logging.config.', 'yaml.', 'pandas.read_pickle', 'joblib.load', 'codecs.open', 'io.open', '_io.open',
  'io.FileIO', '_io.FileIO', 'pathlib.Path.write_bytes', 'test.support.',
]; // prettier-ignore

/** Whether `module.name` is known to run code, import modules or reach the system when Python unpickles it. */
export function isForbiddenGlobal(module: string, name: string): boolean {
  const root = module.split('.', 1)[0] ?? module;
  if (FORBIDDEN_MODULES.has(root)) return true;
  // Protocol 4 names may be dotted: `builtins` + `eval.__call__`.
  const first = name.split('.', 1)[0] ?? name;
  if (root === 'builtins' || root === '__builtin__' || root === '__builtins__')
    return FORBIDDEN_BUILTINS.has(first) || name.includes('__');
  const full = `${module}.${name}`;
  return FORBIDDEN_NAMES.some((entry) =>
    entry.endsWith('.') ? full.startsWith(entry) : full === entry || full.startsWith(`${entry}.`),
  );
}

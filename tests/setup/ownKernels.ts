import { afterAll, beforeAll } from 'vitest';
import { openDevice, type OpenDevice } from '../../src/compute/device/device';
import { installKernels, type InstalledKernels } from '../../src/compute/kernels/install';

/** A device of a test file's own, from its first test to its last. */
export interface OwnKernels {
  /** Not before the first test. */
  readonly open: OpenDevice;
  /** Not before the first test. */
  readonly installed: InstalledKernels;
  /** What the device complained about so far. */
  readonly problems: string[];
  /** Does a job with tfjs's kernels, and installs ours again. */
  withStock(job: () => Promise<void>): Promise<void>;
}

/** Opens a device with our kernels before the file's tests, and closes it behind them. To be called once, where `beforeAll` may be. */
export function ownKernels(): OwnKernels {
  const problems: string[] = [];
  let open: OpenDevice;
  let installed: InstalledKernels;
  beforeAll(async () => {
    open = await openDevice();
    open.onUncapturedError((error) => problems.push(String(error.detail)));
    installed = installKernels(open.backend);
  });
  afterAll(() => {
    installed.uninstall();
    open.close();
  });
  return {
    problems,
    async withStock(job) {
      installed.uninstall();
      try {
        await job();
      } finally {
        installed = installKernels(open.backend);
      }
    },
    get open() {
      return open;
    },
    get installed() {
      return installed;
    },
  };
}

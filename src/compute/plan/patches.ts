/** Replaces methods of objects for a while; `restore` puts all back, last first. */
export class Patches {
  private readonly undo: (() => void)[] = [];

  /** Makes `target[name]` be `replacement` until `restore`. */
  set<T extends object, K extends keyof T>(target: T, name: K, replacement: T[K]): void {
    const own = Object.getOwnPropertyDescriptor(target, name);
    Object.defineProperty(target, name, { value: replacement, configurable: true, writable: true });
    this.undo.push(() => {
      if (own) Object.defineProperty(target, name, own);
      else Reflect.deleteProperty(target, name);
    });
  }

  restore(): void {
    for (const step of this.undo.reverse()) step();
    this.undo.length = 0;
  }
}

import type { ServerSessionState } from '@nightjar/rtsp';
import type { Method, MethodList } from './method.js';

/** The methods of a server, in the order in which `Public` lists them. */
export class MethodTable implements MethodList {
  private readonly byName: ReadonlyMap<string, Method>;

  constructor(private readonly methods: readonly Method[]) {
    this.byName = new Map(methods.map((method) => [method.name, method]));
  }

  /** Undefined for a method that is not served. */
  get(name: string): Method | undefined {
    return this.byName.get(name);
  }

  get names(): string {
    return this.methods.map(({ name }) => name).join(', ');
  }

  allowedIn(state: ServerSessionState): string {
    return this.methods
      .filter(({ states }) => states.includes(state))
      .map(({ name }) => name)
      .join(', ');
  }
}

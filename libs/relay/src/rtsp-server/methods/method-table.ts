import type { RtspVersion, ServerSessionState } from '@nightjar/rtsp';
import type { Method, MethodList } from './method.js';

/** The methods of a server, in the order in which `Public` lists them. */
export class MethodTable implements MethodList {
  private readonly byName: ReadonlyMap<string, Method>;

  constructor(private readonly methods: readonly Method[]) {
    this.byName = new Map(methods.map((method) => [method.name, method]));
  }

  /** Whether it is served in any version. */
  has(name: string): boolean {
    return this.byName.has(name);
  }

  /** Undefined for a method that is not served in this version. */
  get(name: string, version: RtspVersion): Method | undefined {
    const method = this.byName.get(name);
    return method !== undefined && isOf(method, version) ? method : undefined;
  }

  names(version: RtspVersion): string {
    return this.methods
      .filter((method) => isOf(method, version))
      .map(({ name }) => name)
      .join(', ');
  }

  allowedIn(state: ServerSessionState, version: RtspVersion): string {
    return this.methods
      .filter((method) => method.states.includes(state) && isOf(method, version))
      .map(({ name }) => name)
      .join(', ');
  }
}

function isOf({ versions }: Method, version: RtspVersion): boolean {
  return versions === undefined || versions.includes(version);
}

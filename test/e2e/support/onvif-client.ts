// What the package says of itself lacks half of what it has.
import { Cam } from 'onvif/promises/index.js';

export interface OnvifLogin {
  readonly username: string;
  readonly password: string;
}

/** The client of the `onvif` package, connected to the device at this origin. */
export async function connectOnvif(origin: string, login: OnvifLogin): Promise<any> {
  const { hostname, port } = new URL(origin);
  const options = { hostname, port: Number(port), autoconnect: false, timeout: 10_000 };
  const cam = new Cam({ ...options, ...login });
  await cam.connect();
  return cam;
}

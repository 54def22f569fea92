export { cameraTarget } from './camera-target.js';
export { probeStream, type ProbeResult } from './probe-stream.js';

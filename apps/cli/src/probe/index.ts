export { cameraTarget } from './camera-target.js';
export { probeStream, type ProbeResult, type ProbeTarget } from './probe-stream.js';

export {
  SRTP_KEY_BYTES,
  SRTP_SALT_BYTES,
  SRTP_TAG_BYTES,
  createMasterKey,
  isSameKey,
  type SrtpMasterKey,
} from './master-key.js';
export { SrtpSender } from './srtp-sender.js';
export { SrtpReceiver, type SrtpRefusals } from './srtp-receiver.js';

// node --import ./test/support/wasteful-writes.mjs: a process that writes every interleaved packet by itself, and makes a
// view for it: what the guard of counted work is there to notice.
import { Socket } from 'node:net';
import { DirectSend } from '../../dist/libs/relay/src/rtsp-server/carriage/direct-send.js';

const FRAME_MARK = 0x24;
const HEADER_BYTES = 4;
const { write } = Socket.prototype;

DirectSend.prototype.send = () => 0;
Socket.prototype.write = function writeEachPacket(bytes, ...rest) {
  if (!Buffer.isBuffer(bytes) || bytes[0] !== FRAME_MARK) return write.call(this, bytes, ...rest);
  let taken = true;
  for (let at = 0; at < bytes.length;) {
    const end = at + HEADER_BYTES + bytes.readUInt16BE(at + 2);
    taken = write.call(this, bytes.subarray(at, end));
    at = end;
  }
  return taken;
};

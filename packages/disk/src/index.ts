/**
 * A disk that programs reach over standard input and output, and the argument that what is read is what was written.
 *
 * @module
 */
export {
  proveDisk,
  verifyDisk,
  type DiskClaim,
  type DiskRefusal,
  type DiskStreams,
  type DiskVerdict,
} from './argument.ts';
export { decodeDisk, Disk, encodeDisk, type DiskFileReason } from './disk.ts';
export { DiskError, type DiskErrorCode } from './errors.ts';
export { decodeDiskArgument, encodeDiskArgument, type DiskArgumentFile } from './file.ts';
export { DiskHost, type HostRefusal } from './host.ts';
export {
  BLOCK_BYTES,
  readRequest,
  REQUEST,
  type DiskRequest,
  type RequestFault,
  type RequestVerdict,
} from './protocol.ts';

/**
 * Polynomial commitments, and what they are made of: Merkle trees, a transcript, FRI, a calculator of proven security.
 *
 * @module
 */
export { createBlake3Scheme } from './blake3-tree.ts';
export { type DecodeRefusal } from './bytes.ts';
export { cosetShift } from './cosets.ts';
export { CommitmentError, type CommitmentErrorCode } from './errors.ts';
export { type FriParameters, FRI, type FriProof, proveLowDegree, verifyLowDegree } from './fri.ts';
export { findWork } from './grinding.ts';
export { BLAKE3, DIGEST_BYTES, type HashFunction, SHA256 } from './hash.ts';
export type {
  FunctionValues,
  LowDegreeRefusal,
  LowDegreeTest,
  LowDegreeVerdict,
  TestedValues,
} from './low-degree-test.ts';
export {
  type MatrixShape,
  type MerkleNodes,
  type MerkleOpening,
  type MerkleRefusal,
  type MerkleScheme,
  type MerkleTree,
  type MerkleVerdict,
  openedRows,
  verifyMerkleOpening,
} from './merkle.ts';
export {
  type BatchCommitment,
  type CommittedBatch,
  type Evaluations,
  functionCount,
  type OpeningProof,
  type OpeningRefusal,
  type OpeningVerdict,
  type ProverRound,
  type VerifierRound,
} from './opening.ts';
export {
  decodeOpeningProof,
  encodeOpeningProof,
  type OpeningDecodeVerdict,
  type OpeningLayout,
} from './opening-format.ts';
export { createOpeningParameters, type OpeningParameters, type OpeningRequest } from './parameters.ts';
export { type DecodeVerdict, decodeFriProof, encodeFriProof } from './proof-format.ts';
export {
  type CommitmentOptions,
  createCommitmentScheme,
  type PolynomialCommitmentScheme,
  type PolynomialForm,
} from './prove-opening.ts';
export { createMerkleScheme } from './reference-tree.ts';
export {
  assertSecurity,
  formatSecurity,
  type Grinding,
  type LookupParameters,
  type RegimeReport,
  type SecurityParameters,
  securityReport,
  type SecurityReport,
  type SecurityRound,
} from './security.ts';
export { MOST_GRINDING_BITS, Transcript } from './transcript.ts';
export { fractionSum } from './verifier/fractions.ts';
export { type ColumnWords, commitmentRoot } from './verifier/root.ts';
export { isScanned, type OpeningScanVerdict, type ScannedOpening, scanOpening } from './verifier/scan.ts';
export { verifyScannedOpening } from './verifier/verify.ts';
export { verifyOpening } from './verify-opening.ts';

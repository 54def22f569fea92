export {
  chooseChallenge,
  parseChallenges,
  type Challenge,
  type DigestAlgorithm,
} from './challenge.js';
export { ClientAuthorizer, type LoginHistory } from './client-authorizer.js';
export { ha1 } from './digest.js';
export { DigestVerifier, type DigestRefusal, type DigestVerdict } from './digest-verifier.js';
export { parseAuthGroups } from './auth-parameters.js';

export * from './access-policy.js';
export * from './require-access.js';
export { AllowList, clientKey, plainAddress } from './addresses/address.js';
export { REQUEST_BURST_SECONDS, RequestRates } from './addresses/request-rates.js';
export {
  AUDIT_KINDS,
  AuditTrail,
  type AuditKind,
  type AuditNote,
  type AuditSubject,
} from './audit/audit-trail.js';
export { ANY_FILE, type FootageSpan } from './footage-span.js';
export type { Principal, UrlGrant } from './principal.js';
export type { Action } from './rights.js';
export { REALM } from './realm.js';
export { isBasic, parseBasic, type BasicLogin } from './logins/basic.js';
export { Logins, type LoginProtocol, type LoginsOptions } from './logins/logins.js';
export { hashPassword, MAX_PASSWORD_LENGTH } from './passwords/password-check.js';
export {
  SIGNED_ACTIONS,
  signGrant,
  TOKEN_PARAMETER,
  type SignedAction,
} from './urls/signed-url.js';
export { signedUrls, type SignedUrls } from './urls/signed-urls.js';
export { UrlKey } from './urls/key.js';
export { keptUrlKey, urlKeyFile } from './urls/url-key.js';
export { parseUsersFile, printedHashes, type ImportedUser } from './users-file.js';
export { AccessModule } from './access.module.js';

import { FetchError, type FetchErrorKind } from './fetch-error.ts';

const CERTIFICATE: Record<string, string> = {
  CERT_HAS_EXPIRED: 'has expired',
  CERT_NOT_YET_VALID: 'is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'is for another name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'is not from a trusted authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'is not from a trusted authority',
  UNABLE_TO_GET_ISSUER_CERT: 'is not from a trusted authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'is not from a trusted authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'is not from a trusted authority',
};

const NOT_HTTP = 'its server’s answer is not valid HTTP';

type Rule = [code: RegExp, kind: FetchErrorKind, reason: string];

const ANY_TIME: Rule[] = [
  [/^(ENOTFOUND|ENODATA)$/, 'dns', 'no server of that name was found'],
  [/^(EAI_\w+|ESERVFAIL|EREFUSED|ETIMEOUT)$/, 'dns', 'the name of its server could not be looked up'],
  [/^ECONNREFUSED$/, 'connect', 'its server refused the connection'],
  [/^(ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT)$/, 'timeout', 'its server could not be reached in time'],
  [/^UND_ERR_HEADERS_TIMEOUT$/, 'timeout', 'its server did not answer in time'],
  [/^(EPROTO$|ERR_SSL_|ERR_TLS_)/, 'tls', 'no secure connection to its server could be made'],
  [/^UND_ERR_HEADERS_OVERFLOW$/, 'too-large', 'the headers of its server’s answer are too large'],
  [/^HPE_INVALID_EOF_STATE$/, 'incomplete', 'the connection ended before all of it had come'],
  [/^(HPE_\w+|UND_ERR_INVALID_\w+)$/, 'protocol', NOT_HTTP],
  [
    /^(Z_BUF_ERROR|UND_ERR_RES_CONTENT_LENGTH_MISMATCH|ERR_STREAM_PREMATURE_CLOSE)$/,
    'incomplete',
    'only a part of it came',
  ],
  [
    /^(Z_\w+|ERR_(_ERROR_)?BROTLI\w*|ERR__ERROR\w+|ERR_PADDING\w*|ZSTD_\w+)$/,
    'encoding',
    'its content could not be unpacked',
  ],
];
const BEFORE_HEADERS: Rule = [
  /^(E[A-Z]+|UND_ERR_SOCKET)$/,
  'connect',
  'its server ended the connection without an answer',
];
const IN_BODY: Rule = [/^(E[A-Z]+|UND_ERR_SOCKET)$/, 'incomplete', 'the connection ended before all of it had come'];
const UNREACHABLE: Rule = [
  /^(EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|EINVAL|EACCES|EPERM)$/,
  'connect',
  'its server could not be reached',
];

/**
 * Turns an error of the resolver, the socket, TLS, the HTTP parser or the unpacking into the sentence for it. Its own
 * message, which may name internal addresses, is dropped. Errors that are none of these come back as they are: bugs.
 */
export function networkFailure(error: unknown, asked: string, phase: 'headers' | 'body'): unknown {
  if (error instanceof FetchError) return error;
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  // Not all of the parser's errors have a code.
  if (name === 'HTTPParserError' && typeof code !== 'string') return new FetchError('protocol', asked, NOT_HTTP);
  if (typeof code !== 'string') return error;
  const certificate = CERTIFICATE[code];
  if (certificate !== undefined)
    return new FetchError('tls', asked, `its server’s security certificate ${certificate}`);
  const rule = [...ANY_TIME, UNREACHABLE, phase === 'headers' ? BEFORE_HEADERS : IN_BODY].find(([match]) =>
    match.test(code),
  );
  return rule === undefined ? error : new FetchError(rule[1], asked, rule[2]);
}

import { getCACertificates } from 'node:tls';
import { buildConnector } from 'undici';
import { type DialOptions, dialer } from './dial.ts';

export interface ConnectorOptions extends DialOptions {
  /** PEM certificates to trust besides the usual ones. */
  ca?: readonly string[];
}

/**
 * A connector for undici over checked addresses, see `dialer`. Certificates are checked against the name in the
 * address. HTTP/1.1 only: its limits on headers and lengths are the ones tested here.
 */
export function pinnedConnector(options: ConnectorOptions): buildConnector.connector {
  const dial = dialer(options);
  const ca = options.ca?.length ? [...getCACertificates('default'), ...options.ca] : undefined;
  // The handshake has as long as the connection before it.
  const secure = buildConnector({ allowH2: false, timeout: options.connectMs, maxCachedSessions: 0, ca });

  return (request, callback) => {
    const isSecure = request.protocol === 'https:';
    dial(request.hostname, Number(request.port) || (isSecure ? 443 : 80)).then(
      (socket) => {
        if (isSecure) secure({ ...request, httpSocket: socket }, callback);
        else callback(null, socket);
      },
      (error) => callback(error, null),
    );
  };
}

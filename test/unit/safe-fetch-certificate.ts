import { generateKeyPairSync, sign } from 'node:crypto';

export interface Certificate {
  /** PEM. */
  key: string;
  /** PEM; trusting it is trusting its issuer, itself. */
  cert: string;
}

const OID = {
  ecdsaWithSha256: '06082a8648ce3d040302',
  commonName: '0603550403',
  subjectAltName: '0603551d11',
  basicConstraints: '0603551d13',
};

/** A self-signed certificate for a name, so that no key has to be kept in the repository. */
export const selfSigned = (name: string, validTo?: string): Certificate => certificate(name, undefined, validTo);

/** One that an authority (self-signed, of the name `by`) has signed: some clients take no other. */
export const signedBy = (authority: Certificate, by: string, name: string): Certificate =>
  certificate(name, { key: authority.key, name: by });

function certificate(name: string, issuer?: { key: string; name: string }, validTo = '491231235959Z'): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = der(0x30, oid(OID.ecdsaWithSha256));
  const named = (common: string) =>
    der(0x30, der(0x31, der(0x30, oid(OID.commonName), der(0x0c, Buffer.from(common)))));
  const extensions = der(
    0x30,
    extension(OID.basicConstraints, issuer ? der(0x30) : der(0x30, der(0x01, Buffer.of(0xff)))),
    extension(OID.subjectAltName, der(0x30, der(0x82, Buffer.from(name)))),
  );
  const body = der(
    0x30,
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, Buffer.of(1)),
    algorithm,
    named(issuer?.name ?? name),
    der(0x30, der(0x17, Buffer.from('200101000000Z')), der(0x17, Buffer.from(validTo))),
    named(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, extensions),
  );
  const signature = der(0x03, Buffer.of(0), sign('sha256', body, issuer?.key ?? privateKey));
  const encoded = der(0x30, body, algorithm, signature).toString('base64').replace(/.{64}/g, '$&\n');
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${encoded}\n-----END CERTIFICATE-----\n`,
  };
}

function extension(id: string, value: Buffer): Buffer {
  return der(0x30, oid(id), der(0x04, value));
}

function oid(hex: string): Buffer {
  return Buffer.from(hex, 'hex');
}

/** One element in the distinguished encoding rules: tag, length, contents. */
function der(tag: number, ...contents: Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...size), content]);
}

import { generateKeyPairSync, sign } from 'node:crypto';

const der = (tag: number, ...parts: Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  const size =
    body.length < 128
      ? [body.length]
      : body.length < 256
        ? [0x81, body.length]
        : [0x82, body.length >> 8, body.length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
};
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));
const utcTime = (date: Date): Buffer =>
  der(0x17, Buffer.from(`${date.toISOString().slice(2, 19).replace(/[-:T]/g, '')}Z`));

/** A certificate signed by its own key, for one name and some days from (or before) now. */
export function selfSigned(
  commonName: string,
  organisation: string,
  days: number,
): { key: string; cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = der(0x30, oid('2a8648ce3d040302'));
  const attribute = (type: string, value: string): Buffer =>
    der(0x31, der(0x30, oid(type), der(0x0c, Buffer.from(value))));
  const name = der(
    0x30,
    attribute('550406', 'DE'),
    attribute('55040a', organisation),
    attribute('550403', commonName),
  );
  const [from, to] = days > 0 ? [-1, days] : [days - 30, days];
  const validity = der(
    0x30,
    ...[from, to].map(offset => utcTime(new Date(Date.now() + offset * 86_400_000))),
  );
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const version = der(0xa0, der(0x02, Buffer.from([2])));
  const body = der(
    0x30,
    version,
    der(0x02, Buffer.from([0x08, 0xbb, 0x01])),
    algorithm,
    name,
    validity,
    name,
    spki,
  );
  const signature = sign('sha256', body, privateKey);
  const certificate = der(0x30, body, algorithm, der(0x03, Buffer.from([0]), signature));
  const lines = certificate.toString('base64').replace(/.{64}/g, '$&\n');
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
  };
}

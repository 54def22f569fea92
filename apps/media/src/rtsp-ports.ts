import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { keptUrlKey, urlKeyFile } from '@nightjar/access';
import type { Clock } from '@nightjar/common';
import { writeSecret, type NightjarConfig, type ServerTlsConfig } from '@nightjar/config';
import { metrics, type Logger } from '@nightjar/monitoring';
import {
  makeSelfSigned,
  namesOfThisMachine,
  ServerCertificate,
  type DoorwaySettings,
} from '@nightjar/relay';

export interface RtspPortsContext {
  readonly config: NightjarConfig;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What the RTSP ports take, as the configuration has it: of one media process, or of the front of several. */
export class RtspPorts {
  private constructor(
    readonly doorway: DoorwaySettings,
    readonly tlsPort: number | undefined,
    private readonly certificate: ServerCertificate | undefined,
  ) {}

  /** @throws NightjarError `invalid` when the certificate cannot be used */
  static async open({ config, clock, logger: log }: RtspPortsContext): Promise<RtspPorts> {
    const { tls, webSocketOrigins: origins } = config.rtsp;
    const proxyKey = await proxyKeyOf(config, log);
    if (tls === undefined) return new RtspPorts({ origins, proxyKey }, undefined, undefined);
    if (tls.selfSigned) await makeIfMissing(tls, clock, log);
    const certificate = await ServerCertificate.open({
      files: tls,
      clock,
      log,
      expires: (notAfterMs) =>
        metrics.certificateExpiryTimestampSeconds.set(
          { use: 'rtsp' },
          Math.floor(notAfterMs / 1000),
        ),
    });
    const doorway = { origins, proxyKey, tls: certificate.door, requireTls: tls.required };
    return new RtspPorts(doorway, tls.port, certificate);
  }

  /** For a process whose connections another one lets in. */
  static behindFront({ config }: Pick<RtspPortsContext, 'config'>): RtspPorts {
    const { tls } = config.rtsp;
    return new RtspPorts({ requireTls: tls?.required }, tls?.port, undefined);
  }

  async close(): Promise<void> {
    await this.certificate?.close();
  }
}

/** What control passes on is taken by the key that both have; media does not wait for it. */
async function proxyKeyOf({ dataDir }: NightjarConfig, log: Logger): Promise<Buffer | undefined> {
  try {
    return await keptUrlKey(urlKeyFile(dataDir));
  } catch (error) {
    log.error({ err: error }, 'nothing is taken from the HTTP port: there is no key');
    return undefined;
  }
}

async function makeIfMissing(
  { certFile, keyFile }: ServerTlsConfig,
  clock: Clock,
  log: Logger,
): Promise<void> {
  if (existsSync(certFile) && existsSync(keyFile)) return;
  const names = namesOfThisMachine();
  const { cert, key } = makeSelfSigned(names, clock.wallMs());
  await writeSecret(keyFile, key);
  await writeSecret(certFile, cert);
  const { fingerprint256: sha256 } = new X509Certificate(cert);
  log.info({ certFile, sha256, names }, 'a certificate was made, vouched for by nobody');
}

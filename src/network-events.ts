/** Service events of the network (API): part of those in `observer.ts`. */
export type NetworkEvent =
  /** A changed certificate is in use for new connections. `validTo`: as OpenSSL prints it. */
  | { kind: 'certificate-loaded'; validTo: string }
  /** The files of the certificate have changed and cannot be used; the one before stays. `reason`: for people. */
  | { kind: 'certificate-refused'; reason: string }
  /** Connections beyond a limit, since the last event: at most one event in 10 s. `address`: that of the last one. */
  | { kind: 'connections-refused'; limit: string; refused: number; address: string };

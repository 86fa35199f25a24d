/** What operators are told of tracing and of the audit. */
export type OperatorEvent =
  /** Redis did not take this call for the audit. */
  | {
      kind: 'audit-unwritten';
      key: string;
      address: string;
      method: string;
      route: string;
      target: string;
      status: number;
      more?: number;
    }
  /** The collector did not take spans. `spans`: how many since the last such event. */
  | { kind: 'spans-lost'; spans: number; reason: string }
  /** The OpenTelemetry SDK warns of something. */
  | { kind: 'tracing-trouble'; text: string };

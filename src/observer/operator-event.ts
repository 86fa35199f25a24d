/** What operators are told of tracing. */
export type OperatorEvent =
  /** The collector did not take spans. `spans`: how many since the last such event. */
  | { kind: 'spans-lost'; spans: number; reason: string }
  /** The OpenTelemetry SDK warns of something. */
  | { kind: 'tracing-trouble'; text: string };

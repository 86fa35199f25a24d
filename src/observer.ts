/** Everything that the workers tell about themselves; telemetry turns it into log lines. */
export type WorkerEvent =
  | { kind: 'misspelt-setting'; text: string }
  | { kind: 'ready'; queues: readonly string[]; tasks: readonly string[]; processes: number }
  | { kind: 'child-started'; consumer: string; pid: number }
  | { kind: 'child-lost'; consumer: string; pid: number; how: string }
  | { kind: 'attempt-ended'; job: string; task: string; attempt: number; outcome: string; runMs: number }
  | { kind: 'attempt-failed'; job: string; task: string; attempt: number; error: string; next: string }
  | { kind: 'stale'; job: string; move: string }
  | { kind: 'recovered'; queue: string; jobs: number }
  | { kind: 'lease-lost'; consumer: string; queue: string }
  | { kind: 'redis-trouble'; where: string; error: unknown }
  | { kind: 'defect'; where: string; error: unknown }
  | { kind: 'task-log'; job: string; task: string; text: string }
  | { kind: 'stopping'; why: string }
  | { kind: 'stopped' };

export type Observer = (event: WorkerEvent) => void;

import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { DEFAULT_TIMEOUT_MS } from '../../../src/schemas/job.ts';
import { HeartbeatSender } from '../../../workers/process/heartbeat.ts';
import type { RunningJob } from '../../../workers/run/running-job.ts';
import type { ToSupervisor } from '../../../workers/supervisor/ipc.ts';
import { createManualClock } from '../../helpers/workers/manual-clock.ts';
import { createRunningJob } from '../../helpers/workers/running-job.ts';

let sender: HeartbeatSender | undefined;
afterEach(() => sender?.stop());

function create() {
  const clock = createManualClock();
  const running: RunningJob[] = [];
  const sent: ToSupervisor[] = [];
  const heartbeat = new HeartbeatSender(
    () => running,
    clock,
    (message) => sent.push(message),
  );
  sender = heartbeat;
  const startAttempt = (timeoutMs: number) => {
    const job = createRunningJob();
    job.deadline = clock.monotonic() + timeoutMs;
    running.push(job);
    heartbeat.attemptStarts(job.deadline);
  };
  return { clock, sent, heartbeat, startAttempt };
}

describe('a heartbeat', () => {
  it('has the time until the first attempt must end', () => {
    const { clock, sent, heartbeat, startAttempt } = create();
    startAttempt(DEFAULT_TIMEOUT_MS + 1);
    startAttempt(5_000);
    clock.advance(1_000);
    heartbeat.start();
    expect(sent).toEqual([{ type: 'alive', mustEndInMs: 4_000 }]);
  });

  it('is sent at once when an attempt must end before the supervisor expects it', () => {
    const { sent, heartbeat, startAttempt } = create();
    heartbeat.start();
    startAttempt(DEFAULT_TIMEOUT_MS);
    expect(sent).toEqual([{ type: 'alive', mustEndInMs: DEFAULT_TIMEOUT_MS }]);
    startAttempt(100);
    expect(sent.at(-1)).toEqual({ type: 'alive', mustEndInMs: 100 });
    startAttempt(200);
    expect(sent).toHaveLength(2);
  });

  it('is sent by an idle process only when an attempt starts', () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const { clock, sent, heartbeat, startAttempt } = create();
    heartbeat.start();
    vi.advanceTimersByTime(30_000);
    expect(sent).toHaveLength(1);
    clock.advance(30_000);
    startAttempt(DEFAULT_TIMEOUT_MS);
    startAttempt(DEFAULT_TIMEOUT_MS);
    expect(sent).toHaveLength(2);
    vi.advanceTimersByTime(3_000);
    expect(sent).toHaveLength(5);
  });
});

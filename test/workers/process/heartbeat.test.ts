import { afterEach, describe, expect, it } from 'vitest';
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
});

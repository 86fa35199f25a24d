import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { HeartbeatMonitor } from '../../../workers/supervisor/heartbeat-monitor.ts';
import { until } from '../../helpers/redis/server.ts';
import { createManualClock } from '../../helpers/workers/manual-clock.ts';

describe('a process', () => {
  it('hangs when it is silent 5 s longer than its first attempt may take', () => {
    const clock = createManualClock();
    const monitor = new HeartbeatMonitor(process.pid, clock);
    monitor.record(1_000);
    clock.advance(6_000);
    expect(monitor.isHanging).toBe(false);
    clock.advance(1);
    expect(monitor.isHanging).toBe(true);
    monitor.record(1_000);
    expect(monitor.isHanging).toBe(false);
  });

  it('does not hang before its first heartbeat', () => {
    const clock = createManualClock();
    const monitor = new HeartbeatMonitor(process.pid, clock);
    clock.advance(3_600_000);
    expect(monitor.isHanging).toBe(false);
  });

  it('is suspended between SIGSTOP and SIGCONT', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child, 'spawn');
    const monitor = new HeartbeatMonitor(child.pid ?? 0, createManualClock());
    expect(monitor.isSuspended).toBe(false);
    child.kill('SIGSTOP');
    await until(() => monitor.isSuspended, 'the suspension');
    child.kill('SIGCONT');
    await until(() => !monitor.isSuspended, 'the end of the suspension');
  });
});

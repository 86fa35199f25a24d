import { describe, expect, it } from 'vitest';
import { callsIn, cpuSecondsIn } from '../../bench/redis.ts';

describe('what Redis tells of itself', () => {
  it('CPU is that of all threads, once', () => {
    const info = [
      '# CPU',
      'used_cpu_sys:1.25',
      'used_cpu_user:2.5',
      'used_cpu_sys_children:7.0',
      'used_cpu_user_children:7.0',
      'used_cpu_sys_main_thread:1.0',
      'used_cpu_user_main_thread:2.0',
    ].join('\r\n');
    expect(cpuSecondsIn(info)).toBe(3.75);
  });

  it('commands are counted, those with a part too, but not how the bench looks', () => {
    const info = [
      '# Commandstats',
      'cmdstat_xadd:calls=10,usec=20,usec_per_call=2.00,rejected_calls=0,failed_calls=0',
      'cmdstat_client|list:calls=2,usec=20,usec_per_call=10.00,rejected_calls=0,failed_calls=0',
      'cmdstat_info:calls=100,usec=20,usec_per_call=0.20,rejected_calls=0,failed_calls=0',
    ].join('\r\n');
    expect(callsIn(info)).toBe(12);
  });
});

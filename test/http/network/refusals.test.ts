import { expect, it } from 'vitest';
import { Refusals } from '../../../src/http/network/refusals.ts';
import { recordEvents } from '../../helpers/telemetry/recorder.ts';

it('tells of refused connections in sums, and of none nothing', () => {
  const { observe, events } = recordEvents();
  const refusals = new Refusals(observe);
  refusals.tell();
  for (let count = 1; count <= 3; count += 1)
    refusals.count('MAX_CONNECTIONS_PER_ADDRESS', `203.0.113.${count}`);
  refusals.count('MAX_CONNECTIONS');
  refusals.tell();
  refusals.tell();
  expect(events).toEqual([
    { kind: 'connections-refused', limit: 'MAX_CONNECTIONS_PER_ADDRESS', refused: 3, address: '203.0.113.3' },
    { kind: 'connections-refused', limit: 'MAX_CONNECTIONS', refused: 1, address: '' },
  ]);
});

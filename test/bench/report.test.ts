import { describe, expect, it } from 'vitest';
import type { Claim } from '../../bench/contract.ts';
import type { Outcome } from '../../bench/outcome.ts';
import { chart } from '../../bench/report/chart.ts';
import { claimResults, losses } from '../../bench/report/compare.ts';
import { makeReport } from '../../bench/report/report.ts';
import { formatSpread } from '../../bench/report/tables.ts';
import { formatFigure, formatValue, unitOf } from '../../bench/report/units.ts';
import { scenarios } from '../../bench/scenarios/index.ts';

const claim = (least: number, aim: number, better: Claim['better'] = 'higher', figure = 'rate'): Claim => ({
  text: 'Faster',
  figure,
  of: 'millrace',
  against: 'bullmq',
  better,
  least,
  aim,
});

type Rows = Readonly<Record<string, readonly (Readonly<Record<string, number>> | undefined)[]>>;

const outcomeOf = (rows: Rows, claims: Claim[] = [], variants: Record<string, string> = {}): Outcome => ({
  scenarios: [
    {
      scenario: { id: 'run', title: 'Run <jobs> & more', quick: true, figures: ['rate', 'redisCpu'], claims },
      contenders: Object.entries(rows).map(([id, rounds]) => ({
        contender: { id, label: `Label of ${id}`, ...(variants[id] && { variant: variants[id] }) },
        rounds,
      })),
    },
  ],
  failures: [{ scenario: 'run', contender: 'bullmq', round: 2, reason: 'a job was lost\nmore' }],
});

const ROWS: Rows = {
  millrace: [
    { rate: 200, redisCpu: 5 },
    { rate: 300, redisCpu: 4 },
    { rate: 90, redisCpu: 6 },
  ],
  bullmq: [{ rate: 100, redisCpu: 50 }, undefined, { rate: 30, redisCpu: 1 }],
  'bee-queue': [
    { rate: 400, redisCpu: 10 },
    { rate: 400, redisCpu: 10 },
    { rate: 400, redisCpu: 10 },
  ],
  floor: [
    { rate: 900, redisCpu: 1 },
    { rate: 900, redisCpu: 1 },
    { rate: 900, redisCpu: 1 },
  ],
};

describe('claims', () => {
  it('are checked by the median of the ratios of the rounds', () => {
    const [result] = claimResults(outcomeOf(ROWS, [claim(2.5, 3)]));
    expect(result).toMatchObject({ ratio: { median: 2.5, min: 2, max: 3 }, holds: true, reachesAim: false });
  });

  it('are kept by a ratio that is at most the bound, where lower is better', () => {
    const lower = (least: number, aim: number) => claim(least, aim, 'lower', 'redisCpu');
    const results = claimResults(outcomeOf(ROWS, [lower(3, 1), lower(4, 3), lower(4, 3.05)]));
    expect(results.map(({ holds, reachesAim }) => [holds, reachesAim])).toEqual([
      [false, false],
      [true, false],
      [true, true],
    ]);
  });

  it('do not hold where a contender has no round', () => {
    const [result] = claimResults(outcomeOf({ ...ROWS, bullmq: [undefined] }, [claim(2, 3)]));
    expect(result).toMatchObject({ ratio: undefined, holds: false, reachesAim: false });
  });

  it('name contenders that are there', () => {
    expect(() => claimResults(outcomeOf({ millrace: [] }, [claim(2, 3)]))).toThrow(
      'has no contender "bullmq"',
    );
  });
});

describe('where we lose', () => {
  const found = (outcome: Outcome) => losses(outcome).map(({ figure, peer }) => `${figure} ${peer}`);

  it('lists every figure in which a peer is better, and no floor', () => {
    expect(found(outcomeOf(ROWS))).toEqual(['rate Label of bee-queue', 'redisCpu Label of bullmq']);
  });

  it('compares only what is of the same variant', () => {
    expect(found(outcomeOf(ROWS, [], { millrace: 'always' }))).toEqual([]);
    const both = { millrace: 'always', 'bee-queue': 'always' };
    expect(found(outcomeOf(ROWS, [], both))).toEqual(['rate Label of bee-queue']);
  });
});

describe('the report', () => {
  const machine = {
    date: '2026-01-31',
    cores: 2,
    cpu: 'CPU',
    memoryBytes: 2 ** 33,
    system: 'Linux 6',
    node: '20.19.0',
    redis: '7.0.15',
    versions: { bullmq: '6.7.0' },
  };
  const outcome = outcomeOf(ROWS, [claim(2, 3)]);
  const report = makeReport({ machine, quick: false, rounds: 3, outcome });

  it('shows medians with their ranges, claims, losses and failures', () => {
    for (const line of [
      '| Faster | `run` | ≥ 2 | ≥ 3 | 2.50 (2.00–3.00) | ✓ | ✗ |',
      '| `run` | jobs/s | Label of millrace | Label of bee-queue | 0.50 (0.23–0.75) |',
      '| Label of millrace | 200 (90–300) | 5.0 (4.0–6.0) |',
      '| Label of floor | 900 | 1.0 |',
      '- `run`, bullmq, round 2: a job was lost',
      '`run` · durability: nothing on disk · rounds: 3',
      '- Machine: 2 cores, CPU, 8.0 GiB, Linux 6',
    ]) {
      expect(report.markdown.split('\n')).toContain(line);
    }
  });

  it('keeps every round in the JSON', () => {
    const { scenarios: kept, failures } = JSON.parse(report.json);
    expect(kept[0].contenders[1].rounds).toEqual([
      { rate: 100, redisCpu: 50 },
      null,
      { rate: 30, redisCpu: 1 },
    ]);
    expect(kept[0].contenders[1].spread.rate).toEqual({ median: 65, min: 30, max: 100 });
    expect(failures).toHaveLength(1);
  });

  it('charts rates against BullMQ, its text escaped', () => {
    const svg = chart(outcome);
    expect(svg.match(/<rect /g)).toHaveLength(4);
    expect(svg).toContain('Run &lt;jobs&gt; &amp; more');
    expect(svg).toContain('2.50 × · 200/s');
    expect(svg).not.toMatch(/NaN|undefined/);
  });

  it('charts nothing of a scenario without BullMQ', () => {
    expect(chart(outcomeOf({ millrace: [{ rate: 1 }] }))).not.toContain('<rect');
  });
});

describe('units', () => {
  it('write numbers for people', () => {
    expect(formatFigure('rate', 12_345.6)).toBe('12,346 jobs/s');
    expect(formatValue(undefined, 1)).toBe('–');
    expect(formatSpread({ median: 1.234, min: 1, max: 2 }, 1)).toBe('1.2 (1.0–2.0)');
  });

  it('are known for every figure, and every claim is about one of its scenario', () => {
    for (const { id, figures, claims = [], contenders } of scenarios) {
      for (const figure of figures) expect(unitOf(figure), `${id} ${figure}`).toBeDefined();
      for (const { figure, of, against } of claims) {
        expect(figures, id).toContain(figure);
        const named = against === undefined ? [of] : [of, against];
        expect(contenders.map((one) => one.id)).toEqual(expect.arrayContaining(named));
      }
    }
  });

  it('scenarios and their contenders have names of their own', () => {
    for (const names of [scenarios, ...scenarios.map(({ contenders }) => contenders)]) {
      expect(new Set(names.map(({ id }) => id)).size).toBe(names.length);
    }
  });
});

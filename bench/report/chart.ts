import {
  type ContenderOutcome,
  knownValues,
  type Outcome,
  type ScenarioOutcome,
  valuesOf,
} from '../outcome.ts';
import { ratioOf, spreadOf } from '../stats.ts';
import { isOurs } from './compare.ts';
import { formatValue } from './units.ts';

interface Bar {
  readonly label: string;
  readonly ours: boolean;
  /** BullMQ = 1. */
  readonly ratio: number;
  readonly rate: number;
}

interface Group {
  readonly title: string;
  readonly bars: readonly Bar[];
}

const FIGURE = 'rate';
const BASE = 'bullmq';

const WIDTH = 900;
const LABELS = 320;
const VALUES = 150;
const LINE = 22;
const BAR = 14;
const GAP = 18;

/** Colours that can be read on white and on black. */
const STYLE = `text{font:12px system-ui,sans-serif;fill:#333}.title{font-weight:600}.value{fill:#666}.bar{fill:#9aa5b1}.ours{fill:#1f8a5b}.base{stroke:#888;stroke-dasharray:3 3;opacity:.4}
@media (prefers-color-scheme: dark){text{fill:#ddd}.value{fill:#aaa}.bar{fill:#6b7682}.ours{fill:#35b57c}}`;

/** Horizontal bars of the rate of each contender against BullMQ's, in groups by scenario. */
export function chart({ scenarios }: Outcome): string {
  const groups = scenarios.map(groupOf).filter(({ bars }) => bars.length > 0);
  const longest = Math.max(1, ...groups.flatMap(({ bars }) => bars.map(({ ratio }) => ratio)));
  const perUnit = (WIDTH - LABELS - VALUES) / longest;
  let y = 0;
  const parts = groups.map((group) => {
    const drawn = drawGroup(group, y, perUnit);
    y += LINE * (group.bars.length + 1) + GAP;
    return drawn;
  });
  const size = `width="${WIDTH}" height="${y}" viewBox="0 0 ${WIDTH} ${y}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-label="Jobs per second, BullMQ = 1">
<style>${STYLE}</style>
${parts.join('\n')}
</svg>
`;
}

function groupOf({ scenario, contenders }: ScenarioOutcome): Group {
  const base = contenders.find(({ contender }) => contender.id === BASE);
  return {
    title: scenario.title,
    bars: base === undefined ? [] : contenders.flatMap((one) => barOf(one, base)),
  };
}

function barOf(one: ContenderOutcome, base: ContenderOutcome): Bar[] {
  const ratio = ratioOf(valuesOf(one, FIGURE), valuesOf(base, FIGURE));
  const { id, label } = one.contender;
  if (ratio === undefined) return [];
  return [{ label, ours: isOurs(id), ratio: ratio.median, rate: spreadOf(knownValues(one, FIGURE)).median }];
}

function drawGroup({ title, bars }: Group, top: number, perUnit: number): string {
  const end = top + LINE * (bars.length + 1);
  const baseX = (LABELS + perUnit).toFixed(1);
  return [
    `<text class="title" x="0" y="${top + BAR}">${escapeXml(title)}</text>`,
    `<line class="base" x1="${baseX}" x2="${baseX}" y1="${top + LINE}" y2="${end}"/>`,
    ...bars.map((bar, i) => drawBar(bar, top + LINE * (i + 1), perUnit)),
  ].join('\n');
}

function drawBar({ label, ours, ratio, rate }: Bar, y: number, perUnit: number): string {
  const width = (ratio * perUnit).toFixed(1);
  const valueX = (LABELS + ratio * perUnit + 6).toFixed(1);
  const value = `${formatValue(ratio, 2)} × · ${formatValue(rate, 0)}/s`;
  return [
    `<text x="${LABELS - 8}" y="${y + 12}" text-anchor="end">${escapeXml(label)}</text>`,
    `<rect class="${ours ? 'bar ours' : 'bar'}" x="${LABELS}" y="${y + 1}" width="${width}" height="${BAR}" rx="2"/>`,
    `<text class="value" x="${valueX}" y="${y + 12}">${value}</text>`,
  ].join('');
}

const escapeXml = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

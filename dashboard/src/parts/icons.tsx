import type { JSX } from 'preact';

const PATHS = {
  overview: 'M3 3h6v7H3zM11 3h6v4h-6zM11 9h6v8h-6zM3 12h6v5H3z',
  jobs: 'M3 5h14M3 10h14M3 15h9',
  dead: 'M10 2.500l8 14.500H2zM10 8v4M10 14.500v.1',
  schedules: 'M10 2.500a7.500 7.500 0 1 0 0 15 7.500 7.500 0 0 0 0-15zM10 6v4.300l3 1.700',
  subscriptions: 'M4 16a9 9 0 0 0-1-1M3 10a7 7 0 0 1 7 7M3 4a13 13 0 0 1 13 13',
  workers: 'M4 6h12v8H4zM7 3v3M13 3v3M7 14v3M13 14v3M1.500 10H4M16 10h2.500',
  keys: 'M12.500 3a4.500 4.500 0 1 0 0 9 4.500 4.500 0 0 0 0-9zM9.500 10.500L3 17v0h3v-2h2v-2',
  audit: 'M5 2.500h7l3 3v12H5zM8 9h4M8 12h4',
  submit: 'M10 4v12M4 10h12',
  sun: 'M10 6.500a3.500 3.500 0 1 0 0 7 3.500 3.500 0 0 0 0-7zM10 2v1.500M10 16.500V18M2 10h1.500M16.500 10H18M4.300 4.300l1 1M14.700 14.700l1 1M4.300 15.700l1-1M14.700 5.300l1-1',
  moon: 'M16.500 12.200A7 7 0 0 1 7.800 3.500a7 7 0 1 0 8.700 8.700z',
  auto: 'M10 3a7 7 0 1 0 0 14zM10 3a7 7 0 0 1 0 14',
  back: 'M12 4l-6 6 6 6',
  search: 'M9 3.500a5.500 5.500 0 1 0 0 11 5.500 5.500 0 0 0 0-11zM13 13l4 4',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

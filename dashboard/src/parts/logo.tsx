import type { JSX } from 'preact';

/** A mill wheel above the water. */
export function Logo(): JSX.Element {
  return (
    <span class="logo">
      <svg viewBox="0 0 32 32" aria-hidden="true">
        <rect class="logo-ground" width="32" height="32" rx="8" />
        <circle class="logo-wheel" cx="16" cy="14" r="6.5" />
        <path
          class="logo-wheel"
          d="M16 4.500v19M6.500 14h19M9.300 7.300l13.400 13.400M22.700 7.300L9.300 20.700"
        />
        <path class="logo-water" d="M5 27q2.750-2.500 5.500 0t5.500 0 5.500 0 5.500 0" />
      </svg>
      <span>Millrace</span>
    </span>
  );
}

/** Several strands that become one. */
export function Logo({ size }: { size: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="#17666f" />
      <path
        d="M6 9C14 9 14 16 21 16M6 16h15M6 23c8 0 8-7 15-7"
        fill="none"
        stroke="#fff"
        strokeWidth="2.2"
        strokeLinecap="round"
      />
      <circle cx="24" cy="16" r="3" fill="#fff" />
    </svg>
  );
}

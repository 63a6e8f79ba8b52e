import { createTheme, defaultVariantColorsResolver, type MantineColorsTuple } from '@mantine/core';

/** One quiet teal for what can be acted on; red and amber are left to what is clinically urgent. */
const ink: MantineColorsTuple = [
  '#eaf6f7',
  '#d6ebed',
  '#abd6da',
  '#7dc0c6',
  '#57adb5',
  '#3c9ea7',
  '#26838c',
  '#17666f',
  '#10545c',
  '#063f46',
];

/** The greys of the dark page lean to the same blue as its surfaces. */
const dark: MantineColorsTuple = [
  '#e3eaed',
  '#c3ced3',
  '#9fb0b8',
  '#7b8d96',
  '#4d5c64',
  '#323d43',
  '#263036',
  '#1b2226',
  '#151b1e',
  '#12171a',
];

export const theme = createTheme({
  primaryColor: 'ink',
  primaryShade: { light: 7, dark: 6 },
  colors: { ink, dark },
  fontFamily:
    'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace',
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.125rem' },
  defaultRadius: 'sm',
  focusRing: 'auto',
  // Tints are mixed with what lies under them: quiet in the light, and never black in the dark.
  variantColorResolver: (input) => {
    const resolved = defaultVariantColorsResolver(input);
    if (input.variant !== 'light') return resolved;
    const name = input.color ?? input.theme.primaryColor;
    const tint = (share: number) =>
      `color-mix(in srgb, var(--mantine-color-${name}-6) ${share}%, var(--surface))`;
    return {
      ...resolved,
      background: tint(13),
      hover: tint(20),
      color: `color-mix(in srgb, var(--mantine-color-${name}-6) 48%, var(--text))`,
    };
  },
  headings: {
    fontWeight: '600',
    sizes: {
      h1: { fontSize: '1.25rem', lineHeight: '1.3' },
      h2: { fontSize: '1rem', lineHeight: '1.35' },
      h3: { fontSize: '0.875rem', lineHeight: '1.4' },
    },
  },
  components: {
    Button: { defaultProps: { size: 'sm' } },
    Badge: {
      defaultProps: { variant: 'light', radius: 'sm' },
      styles: { root: { textTransform: 'none', fontWeight: 600 } },
    },
    Modal: { defaultProps: { centered: true, overlayProps: { backgroundOpacity: 0.45 } } },
    Tooltip: { defaultProps: { withArrow: true, multiline: true, maw: 320, openDelay: 200 } },
    Table: { defaultProps: { verticalSpacing: 7, horizontalSpacing: 'sm', highlightOnHover: true } },
    ActionIcon: { defaultProps: { variant: 'subtle', color: 'gray' } },
  },
});

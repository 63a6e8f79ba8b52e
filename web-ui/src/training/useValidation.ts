import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { api } from '../api/api';

/** What the server says of a recipe, asked a moment after the last change. */
export function useValidation(yaml: string) {
  const [settled] = useDebouncedValue(yaml, 450);
  const query = useQuery({
    queryKey: ['validation', settled],
    queryFn: ({ signal }) => api.validate(settled, signal),
    enabled: settled.trim() !== '',
    placeholderData: keepPreviousData,
    staleTime: 5_000,
    retry: false,
  });
  const current = settled === yaml && !query.isPlaceholderData && !query.isFetching;
  return { result: yaml.trim() === '' ? undefined : query.data, error: query.error, current };
}

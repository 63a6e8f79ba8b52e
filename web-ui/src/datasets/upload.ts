import { Problem, problemFrom } from '../api/api';
import type { Uploaded } from '../api/types';

/** Sends a file as it is. By XMLHttpRequest, because only that tells how much is sent. */
export function upload(
  file: File,
  name: string,
  replace: boolean,
  progress: (share: number) => void,
  signal: AbortSignal,
): Promise<Uploaded> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', `/api/training/datasets/files/${encodeURIComponent(name)}?replace=${replace}`);
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    request.setRequestHeader('Accept', 'application/json');
    request.setRequestHeader('X-Medley', '1');
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onload = () =>
      request.status === 201
        ? resolve(JSON.parse(request.responseText) as Uploaded)
        : reject(problemFrom(request.status, request.statusText, request.responseText));
    request.onerror = () =>
      reject(
        new Problem(0, 'UNREACHABLE', 'The upload broke off', 'Nothing of the file was kept. Try again.'),
      );
    request.onabort = () => reject(new Problem(0, 'STOPPED', 'Stopped', 'Nothing of the file was kept.'));
    signal.addEventListener('abort', () => request.abort());
    request.send(file);
  });
}

const ENDINGS = /\.(jsonl|parquet|txt|md)$/;

/** A name the platform takes, from that of a file; null if files of this kind are no datasets. */
export function datasetFile(fileName: string): string | null {
  const ending = ENDINGS.exec(fileName.toLowerCase())?.[0];
  if (!ending) return null;
  const name = fileName
    .slice(0, -ending.length)
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 100);
  return name === '' ? null : name + ending;
}

import { describe, expect, it } from 'vitest';
import { readEvents, SseParser } from './sse';

function pieces(text: string, size: number): string[] {
  const out: string[] = [];
  for (let i = 0; i < text.length; i += size) out.push(text.slice(i, i + size));
  return out;
}

function parse(chunks: string[]): string[] {
  const parser = new SseParser();
  return [...chunks.flatMap((chunk) => parser.push(chunk)), ...parser.end()].map((message) => message.data);
}

describe('SseParser', () => {
  const stream =
    'data: {"t":" from"}\n\ndata:{"t":"  the"}\r\n\r\n: ping\n\ndata: {"t":" lungs"}\r\rdata: {"done":true}\n\n';
  const expected = ['{"t":" from"}', '{"t":"  the"}', '{"t":" lungs"}', '{"done":true}'];

  it('gives the same events however the network cuts the stream', () => {
    for (let size = 1; size <= stream.length; size++) {
      expect(parse(pieces(stream, size)), `cut every ${size}`).toEqual(expected);
    }
  });

  it('drops one space after the colon and keeps every other', () => {
    expect(parse(['data:  two leading\n\n', 'data:none\n\n'])).toEqual([' two leading', 'none']);
  });

  it('joins the lines of one event and keeps its name and id', () => {
    const parser = new SseParser();
    expect(parser.push('event: metric\nid: 7\ndata: a\ndata: b\n\n')).toEqual([
      { event: 'metric', id: '7', data: 'a\nb' },
    ]);
  });

  it('ignores comments, unknown fields and events without data', () => {
    expect(parse([': hello\n\nretry: 100\n\nfoo: bar\nevent: x\n\ndata\n\n'])).toEqual(['']);
  });

  it('gives out a last event whose empty line never came', () => {
    expect(parse(['data: {"done":true}'])).toEqual(['{"done":true}']);
  });
});

describe('readEvents', () => {
  it('keeps leading spaces of tokens and characters cut in the middle of their bytes', async () => {
    const bytes = new TextEncoder().encode('data: {"t":" 38 °C"}\n\ndata: {"t":" Guillain–Barré"}\n\n');
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of bytes) controller.enqueue(new Uint8Array([byte]));
        controller.close();
      },
    });
    const tokens: string[] = [];
    for await (const event of readEvents<{ t: string }>(body)) tokens.push(event.t);
    expect(tokens).toEqual([' 38 °C', ' Guillain–Barré']);
  });

  it('closes the connection when the reader leaves early', async () => {
    let cancelled = false;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(new TextEncoder().encode('data: {"t":"x"}\n\n'));
      },
      cancel() {
        cancelled = true;
      },
    });
    for await (const _ of readEvents(body)) break;
    expect(cancelled).toBe(true);
  });
});

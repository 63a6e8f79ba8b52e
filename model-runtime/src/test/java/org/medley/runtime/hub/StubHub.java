package org.medley.runtime.hub;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.stream.Stream;

/** A hub on this machine that serves one model, org/tiny, and misbehaves as told. */
final class StubHub implements AutoCloseable {
    static final String COMMIT = "c0ffee0000000000000000000000000000000000";
    private static final ObjectMapper JSON = new ObjectMapper();

    /** @param authorization, range as the request had them, or null */
    record Request(String path, String authorization, String range, String host) {}

    final Map<String, byte[]> files = new TreeMap<>();
    final List<Request> requests = Collections.synchronizedList(new ArrayList<>());
    /** After how many bytes of an answer the connection is cut, by file; each holds for one request. */
    final Map<String, List<Integer>> cuts = new ConcurrentHashMap<>();
    /** What to say instead of the truth about a file's SHA-256. */
    final Map<String, String> hashes = new ConcurrentHashMap<>();
    /** How many bytes to add to a file's size in the listing. */
    final Map<String, Integer> sizeErrors = new ConcurrentHashMap<>();

    volatile boolean lfs = true;
    volatile boolean ranges = true;
    volatile boolean redirects;
    volatile boolean stalls;
    volatile int status = 200;

    private final HttpServer server;

    StubHub() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", this::answer);
        server.start();
    }

    String address() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    void serve(Path folder) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                files.put(file.getFileName().toString(), Files.readAllBytes(file));
            }
        }
    }

    List<Request> requestsFor(String name) {
        return requests.stream().filter(r -> r.path.endsWith("/" + name)).toList();
    }

    private void answer(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        requests.add(new Request(
                path,
                exchange.getRequestHeaders().getFirst("Authorization"),
                exchange.getRequestHeaders().getFirst("Range"),
                exchange.getRequestHeaders().getFirst("Host")));
        try (exchange) {
            if (status != 200) {
                exchange.sendResponseHeaders(status, -1);
            } else if (path.equals("/api/models/org/tiny/revision/main")) {
                byte[] json = listing().getBytes(StandardCharsets.UTF_8);
                exchange.sendResponseHeaders(200, json.length);
                exchange.getResponseBody().write(json);
            } else if (path.startsWith("/org/tiny/resolve/" + COMMIT + "/") && redirects) {
                String name = path.replaceFirst("/org/tiny/resolve/[^/]*/", "");
                exchange.getResponseHeaders().set("X-Linked-Etag", "\"" + sha256(name) + "\"");
                exchange.getResponseHeaders()
                        .set(
                                "Location",
                                "http://localhost:" + server.getAddress().getPort() + "/cdn/" + name);
                exchange.sendResponseHeaders(302, -1);
            } else if (path.startsWith("/org/tiny/resolve/" + COMMIT + "/") || path.startsWith("/cdn/")) {
                file(exchange, path.replaceFirst("/cdn/|/org/tiny/resolve/[^/]*/", ""));
            } else {
                exchange.sendResponseHeaders(404, -1);
            }
        }
    }

    private void file(HttpExchange exchange, String name) throws IOException {
        byte[] content = files.get(name);
        if (content == null) {
            exchange.sendResponseHeaders(404, -1);
            return;
        }
        String range = exchange.getRequestHeaders().getFirst("Range");
        int from = ranges && range != null ? Integer.parseInt(range.replaceAll("\\D", "")) : 0;
        if (from >= content.length && from > 0) {
            exchange.sendResponseHeaders(416, -1);
            return;
        }
        if (from > 0) {
            exchange.getResponseHeaders()
                    .set("Content-Range", "bytes " + from + "-" + (content.length - 1) + "/" + content.length);
        }
        int length = content.length - from;
        List<Integer> planned = cuts.get(name);
        int sent = planned == null || planned.isEmpty() ? length : Math.min(length, planned.removeFirst());
        exchange.sendResponseHeaders(from > 0 ? 206 : 200, length);
        OutputStream out = exchange.getResponseBody();
        out.write(content, from, sent);
        out.flush();
        if (stalls && sent < length) {
            try {
                Thread.sleep(5_000);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private String listing() {
        ObjectNode root = JSON.createObjectNode().put("id", "org/tiny").put("sha", COMMIT);
        var siblings = root.putArray("siblings");
        files.forEach((name, content) -> {
            int size = content.length + sizeErrors.getOrDefault(name, 0);
            ObjectNode sibling = siblings.addObject().put("rfilename", name).put("size", size);
            boolean large = name.endsWith(".safetensors") || name.endsWith(".gguf");
            sibling.put("blobId", large ? "0".repeat(40) : hashes.getOrDefault(name, blob(name)));
            if (large && lfs) {
                sibling.putObject("lfs")
                        .put("sha256", hashes.getOrDefault(name, sha256(name)))
                        .put("size", size);
            } else if (large) {
                sibling.remove("blobId");
            }
        });
        return root.toString();
    }

    private String sha256(String name) {
        return hashes.getOrDefault(name, hash("SHA-256", files.get(name)));
    }

    private String blob(String name) {
        byte[] content = files.get(name);
        byte[] head = ("blob " + content.length + "\0").getBytes(StandardCharsets.UTF_8);
        byte[] all = new byte[head.length + content.length];
        System.arraycopy(head, 0, all, 0, head.length);
        System.arraycopy(content, 0, all, head.length, content.length);
        return hash("SHA-1", all);
    }

    private static String hash(String algorithm, byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(bytes));
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        server.stop(0);
    }
}

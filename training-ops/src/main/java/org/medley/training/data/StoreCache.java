package org.medley.training.data;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A folder of stores, each under the hash of what decides its content. A store is built beside them under a hidden name
 * and renamed when it is whole; a lock tells an unfinished one that is being built from one whose process died.
 * Processes may share the folder.
 */
final class StoreCache {
    private static final String UNFINISHED = ".unfinished-";
    /** A file written so shortly before it was looked at may have been written again within the same tick of the clock. */
    private static final long TRUSTED_AGE = TimeUnit.SECONDS.toNanos(2);

    private final Path folder;

    StoreCache(Path folder) throws IOException {
        this.folder = Files.createDirectories(folder);
    }

    /** A store and where it is. */
    record Found(Path folder, StoreInfo info) {}

    Found get(Source source, Encoder encoder, Progress progress) throws IOException {
        StoreSettings settings = encoder.settings(source.format());
        List<Found> candidates = candidates(source, settings);
        String path = source.path().toAbsolutePath().normalize().toString();
        List<StoreInfo.DataFile> files = StoreInfo.DataFile.of(source);
        for (Found candidate : candidates) {
            StoreInfo info = candidate.info;
            if (info.path().equals(path) && info.files().equals(files) && trusted(info)) {
                return candidate;
            }
        }
        if (!candidates.isEmpty()) {
            long now = now();
            String sha256 = source.sha256(progress);
            for (Found candidate : candidates) {
                if (candidate.info.sha256().equals(sha256)) {
                    StoreInfo known = candidate.info.foundAt(source, now);
                    known.write(candidate.folder);
                    return new Found(candidate.folder, known);
                }
            }
        }
        return build(source, encoder, progress);
    }

    private static long now() {
        Instant now = Instant.now();
        return TimeUnit.SECONDS.toNanos(now.getEpochSecond()) + now.getNano();
    }

    private static boolean trusted(StoreInfo info) {
        return info.files().stream().allMatch(file -> file.modified() + TRUSTED_AGE < info.looked());
    }

    /** Stores that may be of this data, by the settings and the files' sizes. */
    private List<Found> candidates(Source source, StoreSettings settings) throws IOException {
        List<StoreInfo.DataFile> files = StoreInfo.DataFile.of(source);
        List<Found> found = new ArrayList<>();
        for (Path entry : entries()) {
            StoreInfo info = hidden(entry) ? null : StoreInfo.read(entry);
            if (info != null && info.settings().equals(settings) && sameSizes(info.files(), files)) {
                found.add(new Found(entry, info));
            }
        }
        return found;
    }

    private static boolean sameSizes(List<StoreInfo.DataFile> some, List<StoreInfo.DataFile> others) {
        if (some.size() == 1 && others.size() == 1) {
            return some.getFirst().bytes() == others.getFirst().bytes();
        }
        boolean same = some.size() == others.size();
        for (int i = 0; same && i < some.size(); i++) {
            same = some.get(i).sameSize(others.get(i));
        }
        return same;
    }

    private List<Path> entries() throws IOException {
        List<Path> entries = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(folder)) {
            all.forEach(entries::add);
        }
        entries.sort(Comparator.naturalOrder());
        return entries;
    }

    private static boolean hidden(Path entry) {
        return entry.getFileName().toString().startsWith(".");
    }

    private Found build(Source source, Encoder encoder, Progress progress) throws IOException {
        removeAbandoned();
        String name = UNFINISHED + UUID.randomUUID();
        Path partial = folder.resolve(name);
        Path lockFile = folder.resolve(name + ".lock");
        try (FileChannel channel = FileChannel.open(lockFile, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
                FileLock lock = channel.lock()) {
            if (!lock.isValid() || !Files.exists(lockFile)) {
                throw new IOException("the lock of " + partial + " was taken away; start again");
            }
            try {
                Files.createDirectory(partial);
                StoreInfo info = new StoreBuilder(source, encoder, progress).build(partial, now());
                info.write(partial);
                return publish(partial, folder.resolve(info.settings().key(info.sha256())), info);
            } finally {
                delete(partial);
                Files.deleteIfExists(lockFile);
            }
        }
    }

    /** Gives the store its name; if another process was first, its store is the same and is taken. */
    private static Found publish(Path partial, Path target, StoreInfo info) throws IOException {
        for (int attempt = 0; ; attempt++) {
            try {
                Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
                return new Found(target, info);
            } catch (FileSystemException e) {
                StoreInfo present = Files.isDirectory(target) ? StoreInfo.read(target) : null;
                if (present != null) {
                    return new Found(target, present);
                }
                if (attempt > 0 || !Files.exists(target)) {
                    throw e;
                }
                Path damaged = partial.resolveSibling(partial.getFileName() + ".damaged");
                Files.move(target, damaged, StandardCopyOption.ATOMIC_MOVE);
                delete(damaged);
            }
        }
    }

    /** Removes what processes left that died while they built. */
    private void removeAbandoned() throws IOException {
        for (Path entry : entries()) {
            String name = entry.getFileName().toString();
            if (!name.startsWith(UNFINISHED) || !name.endsWith(".lock")) {
                continue;
            }
            try (FileChannel channel = FileChannel.open(entry, StandardOpenOption.WRITE);
                    FileLock lock = channel.tryLock()) {
                if (lock != null) {
                    delete(folder.resolve(name.substring(0, name.length() - ".lock".length())));
                    Files.deleteIfExists(entry);
                }
            } catch (OverlappingFileLockException e) {
                continue; // being built by this process
            } catch (NoSuchFileException e) {
                continue; // finished since
            }
        }
    }

    private static void delete(Path path) throws IOException {
        if (!Files.exists(path)) {
            return;
        }
        try (Stream<Path> files = Files.walk(path)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}

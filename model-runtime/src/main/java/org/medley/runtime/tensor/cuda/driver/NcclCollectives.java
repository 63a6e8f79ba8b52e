package org.medley.runtime.tensor.cuda.driver;

import static org.bytedeco.cuda.global.nccl.ncclAllGather;
import static org.bytedeco.cuda.global.nccl.ncclCommDestroy;
import static org.bytedeco.cuda.global.nccl.ncclCommInitAll;
import static org.bytedeco.cuda.global.nccl.ncclGroupEnd;
import static org.bytedeco.cuda.global.nccl.ncclGroupStart;
import static org.bytedeco.cuda.global.nccl.ncclInt8;
import static org.bytedeco.cuda.global.nccl.ncclRecv;
import static org.bytedeco.cuda.global.nccl.ncclSend;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.cuda.global.nccl;
import org.bytedeco.cuda.nccl.ncclComm;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.medley.runtime.tensor.cuda.Closing;
import org.medley.runtime.tensor.cuda.Collectives;

/**
 * NCCL among devices of this process. One thread asks for all of them, in groups: within one NCCL chooses the device of
 * each call by its communicator, and what a call was asked for counts from the end of the group on. Work goes into the
 * devices' own streams.
 */
final class NcclCollectives implements Collectives {
    private final List<CudaGpu> gpus;
    private final List<ncclComm> communicators = new ArrayList<>();
    private final Address first = new Address();

    /** @throws LinkageError if the library or one that it needs is missing */
    NcclCollectives(List<CudaGpu> gpus) {
        Loader.load(nccl.class);
        this.gpus = gpus;
        int[] numbers = gpus.stream().mapToInt(CudaGpu::number).toArray();
        try (PointerPointer<Pointer> out = new PointerPointer<>(gpus.size())) {
            Calls.nccl(ncclCommInitAll(out, gpus.size(), numbers), "ncclCommInitAll of " + gpus.size() + " devices");
            for (int rank = 0; rank < gpus.size(); rank++) {
                communicators.add(new ncclComm(out.get(rank)));
            }
        } finally {
            CudaGpu.leaveThread();
        }
    }

    @Override
    public void exchange(long[] from, long fromStride, long[] to, long toStride, long bytes) {
        for (int rank = 0; rank < gpus.size(); rank++) {
            gpus.get(rank).copy(from[rank] + rank * fromStride, to[rank] + rank * toStride, bytes);
        }
        grouped("exchange", () -> {
            for (int rank = 0; rank < gpus.size(); rank++) {
                for (int other = 0; other < gpus.size(); other++) {
                    if (other != rank) {
                        send(rank, from[rank] + other * fromStride, bytes, other);
                        receive(rank, to[rank] + other * toStride, bytes, other);
                    }
                }
            }
        });
    }

    private void send(int rank, long from, long bytes, int to) {
        int rc = ncclSend(first.at(from), bytes, ncclInt8, to, communicators.get(rank), gpus.get(rank).stream());
        Calls.nccl(rc, "ncclSend of " + bytes + " bytes from rank " + rank + " to rank " + to);
    }

    private void receive(int rank, long to, long bytes, int from) {
        int rc = ncclRecv(first.at(to), bytes, ncclInt8, from, communicators.get(rank), gpus.get(rank).stream());
        Calls.nccl(rc, "ncclRecv of " + bytes + " bytes by rank " + rank + " from rank " + from);
    }

    @Override
    public void gather(long[] from, long[] to, long bytes) {
        Address second = new Address();
        grouped("gather", () -> {
            for (int rank = 0; rank < gpus.size(); rank++) {
                int rc = ncclAllGather(
                        first.at(from[rank]),
                        second.at(to[rank]),
                        bytes,
                        ncclInt8,
                        communicators.get(rank),
                        gpus.get(rank).stream());
                Calls.nccl(rc, "ncclAllGather of " + bytes + " bytes by rank " + rank);
            }
        });
    }

    /** A group is ended whatever happens in it: after a refused call its end does nothing but forget it. */
    private void grouped(String what, Runnable calls) {
        Calls.nccl(ncclGroupStart(), "ncclGroupStart of " + what);
        try {
            calls.run();
        } catch (RuntimeException e) {
            ncclGroupEnd();
            throw e;
        } finally {
            CudaGpu.leaveThread();
        }
        Calls.nccl(ncclGroupEnd(), "ncclGroupEnd of " + what + " among " + gpus.size() + " ranks");
    }

    @Override
    public void close() {
        List<Runnable> parts = new ArrayList<>();
        for (int rank = 0; rank < communicators.size(); rank++) {
            ncclComm communicator = communicators.get(rank);
            String what = "ncclCommDestroy of rank " + rank;
            parts.add(() -> Calls.nccl(ncclCommDestroy(communicator), what));
        }
        try {
            Closing.all(parts.stream());
        } finally {
            CudaGpu.leaveThread();
        }
    }
}

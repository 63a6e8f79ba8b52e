package org.medley.training.gpu;

import org.medley.runtime.tensor.Tensor;
import org.medley.runtime.tensor.cuda.Arguments;
import org.medley.runtime.tensor.cuda.DeviceWorkspace;
import org.medley.runtime.tensor.cuda.Gpu;
import org.medley.runtime.tensor.cuda.Grid;
import org.medley.runtime.tensor.cuda.Launcher;
import org.medley.runtime.tensor.cuda.Product;
import org.medley.runtime.tensor.cuda.Product.Operand;

/**
 * Matrices as E4M3 codes with scales, in the tiles and with the scales that the emulation on a processor has.
 *
 * @param power whether scales are powers of two
 * @param whole whether one scale is for all of a matrix, from its present values
 */
record Tiles(Launcher launcher, boolean power, boolean whole) {
    private static final int THREADS = 256;
    private static final int MOST_BLOCKS = 1024;

    /** Tiles of 1 x 128: [padded, cols], rows filled up with zeros. */
    Operand rows(Tensor x, int padded, boolean coded, DeviceWorkspace into) {
        int pieces = Math.ceilDiv(x.cols(), Product.BLOCK);
        Operand out = room(padded, x.cols(), pieces * (long) padded, coded, into);
        long largest = largest(x, into);
        arguments(x, padded, largest).put(out.address()).put(out.scales());
        int warps = Math.min(4, pieces);
        Grid grid = new Grid(padded, Math.ceilDiv(pieces, warps), 1, 32 * warps, 0);
        launcher.launch("quantize_tiles", "rows_as" + format(coded), grid);
        return out;
    }

    /** Tiles of 128 x 1, turned: [cols, padded], filled up with zeros. */
    Operand columns(Tensor x, int padded, boolean coded, DeviceWorkspace into) {
        int blocks = Math.ceilDiv(padded, Product.BLOCK);
        Operand out = room(x.cols(), padded, blocks * (long) x.cols(), coded, into);
        long largest = largest(x, into);
        arguments(x, padded, largest).put(out.address()).put(out.scales());
        Grid grid = new Grid(Math.ceilDiv(x.cols(), 32), blocks, 1, THREADS, 0);
        launcher.launch("quantize_tiles", "columns_as" + format(coded), grid);
        return out;
    }

    /** Tiles of 128 x 128 of a master; codes both ways. */
    void blocks(long master, EightBitWeight weight, long largest) {
        int n = weight.n();
        int k = weight.k();
        long cell = whole ? largestOf(master, (long) n * k, largest) : 0;
        launcher.none().put(master).put(n).put(k).put(power ? 1 : 0).put(cell);
        launcher.arguments()
                .put(weight.along().address())
                .put(weight.along().scales())
                .put(EightBitWeight.across(k))
                .put(weight.coded() ? weight.turned().address() : 0)
                .put(weight.coded() ? weight.turned().scales() : 0)
                .put(EightBitWeight.across(n));
        Grid grid = new Grid(Math.ceilDiv(k, Product.BLOCK), Math.ceilDiv(n, Product.BLOCK), 1, THREADS, 0);
        launcher.launch("quantize_tiles", "blocks_as" + format(weight.coded()), grid);
    }

    private static String format(boolean coded) {
        return coded ? "_e4m3" : "_bf16";
    }

    private static Operand room(int rows, int cols, long scales, boolean coded, DeviceWorkspace into) {
        return new Operand(into.allocate((coded ? 1L : 2L) * rows * cols), into.allocate(4 * scales));
    }

    private Arguments arguments(Tensor x, int padded, long largest) {
        return launcher.none()
                .put(x.address())
                .put(x.rows())
                .put(padded)
                .put(x.cols())
                .put(power ? 1 : 0)
                .put(largest);
    }

    /** Address of the bits of the largest magnitude; 0 where every tile has its own. */
    private long largest(Tensor x, DeviceWorkspace into) {
        return whole ? largestOf(x.address(), x.size(), into.allocate(4)) : 0;
    }

    private long largestOf(long address, long count, long cell) {
        Gpu gpu = launcher.gpu();
        gpu.zero(cell, 4);
        launcher.none().put(address).put(count).put(cell);
        int blocks = (int) Math.min(MOST_BLOCKS, Math.ceilDiv(count, (long) THREADS));
        launcher.launch("quantize_tiles", "largest", Grid.of(blocks, THREADS));
        return cell;
    }
}

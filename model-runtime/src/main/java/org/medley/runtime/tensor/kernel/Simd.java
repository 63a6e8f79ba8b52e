package org.medley.runtime.tensor.kernel;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;
import org.medley.runtime.tensor.Memory;

/**
 * The vector width every kernel of this process uses, chosen once: the machine's preferred one, or what {@code
 * -Dmedley.vector.bits=128|256|512} forces so that each width can be tested on one machine.
 */
public final class Simd {
    public static final VectorSpecies<Float> F = species();
    public static final int LANES = F.length();

    static final VectorSpecies<Integer> I = F.withLanes(int.class);

    /** As many shorts as a float vector has lanes. */
    private static final VectorSpecies<Short> S =
            VectorSpecies.of(short.class, VectorShape.forBitSize(F.vectorBitSize() / 2));
    /** As many bytes as a float vector has lanes, or on the narrowest width twice as many: there is no shorter load. */
    private static final VectorSpecies<Byte> B =
            VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, F.vectorBitSize() / 4)));

    private static final VectorShuffle<Float> BY_8 = turn(8);
    private static final VectorShuffle<Float> BY_4 = turn(4);
    private static final VectorShuffle<Float> BY_2 = turn(2);
    private static final VectorShuffle<Float> BY_1 = turn(1);

    private Simd() {}

    private static VectorShuffle<Float> turn(int lanes) {
        return VectorShuffle.iota(F, lanes % LANES, 1, true);
    }

    private static VectorSpecies<Float> species() {
        Integer bits = Integer.getInteger("medley.vector.bits");
        if (bits == null) {
            return FloatVector.SPECIES_PREFERRED;
        }
        return switch (bits) {
            case 128 -> FloatVector.SPECIES_128;
            case 256 -> FloatVector.SPECIES_256;
            case 512 -> FloatVector.SPECIES_512;
            default ->
                throw new IllegalArgumentException("medley.vector.bits is " + bits + "; 128, 256 or 512 are possible");
        };
    }

    /**
     * The sum of all lanes, always added in the same order. {@code reduceLanes} leaves the order open, and compiled code
     * differs in it from interpreted code: a resumed training run would not repeat bit for bit.
     */
    static float sum(FloatVector vector) {
        FloatVector v = vector;
        if (LANES >= 16) {
            v = v.add(v.rearrange(BY_8));
        }
        if (LANES >= 8) {
            v = v.add(v.rearrange(BY_4));
        }
        v = v.add(v.rearrange(BY_2));
        v = v.add(v.rearrange(BY_1));
        return v.lane(0);
    }

    /** The sum of the floats in {@code bytes} of memory, a multiple of four vectors: reading at full speed. */
    public static float sumOf(long address, long bytes) {
        FloatVector s0 = FloatVector.zero(F), s1 = s0, s2 = s0, s3 = s0;
        long step = 4L * LANES;
        for (long at = address; at < address + bytes; at += 4 * step) {
            s0 = s0.add(load(at));
            s1 = s1.add(load(at + step));
            s2 = s2.add(load(at + 2 * step));
            s3 = s3.add(load(at + 3 * step));
        }
        return sum(s0.add(s1).add(s2.add(s3)));
    }

    static FloatVector load(long address) {
        return FloatVector.fromMemorySegment(F, Memory.ALL, address, Memory.ORDER);
    }

    static void store(FloatVector vector, long address) {
        vector.intoMemorySegment(Memory.ALL, address, Memory.ORDER);
    }

    /** LANES shorts, sign-extended. */
    private static IntVector shorts(long address) {
        return (IntVector) ShortVector.fromMemorySegment(S, Memory.ALL, address, Memory.ORDER)
                .convertShape(VectorOperators.S2I, I, 0);
    }

    /**
     * One of two neighbouring groups of LANES bytes, sign-extended.
     *
     * @param address of the first group
     * @param group 0 or 1
     */
    static IntVector bytes(long address, int group) {
        if (LANES >= 8) {
            ByteVector raw = ByteVector.fromMemorySegment(B, Memory.ALL, address + (long) group * LANES, Memory.ORDER);
            return (IntVector) raw.convertShape(VectorOperators.B2I, I, 0);
        }
        ByteVector raw = ByteVector.fromMemorySegment(B, Memory.ALL, address, Memory.ORDER);
        return (IntVector) raw.convertShape(VectorOperators.B2I, I, group);
    }

    static FloatVector toFloat(IntVector v) {
        return (FloatVector) v.convertShape(VectorOperators.I2F, F, 0);
    }

    static FloatVector bf16(long address) {
        return shorts(address).lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
    }

    /** Half precision, infinities and NaN apart. */
    static FloatVector f16(long address) {
        IntVector bits = shorts(address);
        return small(bits.and(0x7fff).lanewise(VectorOperators.LSHL, 13), 112, bits);
    }

    /** One of two neighbouring groups of LANES codes in E4M3 (Micikevicius et al. 2022, table 1), NaN apart. */
    static FloatVector e4m3(long address, int group) {
        IntVector bits = bytes(address, group);
        return small(bits.and(0x7f).lanewise(VectorOperators.LSHL, 20), 120, bits);
    }

    /**
     * A small format's magnitude, moved to where F32 has exponent and mantissa, with the exponent's bias mended by an
     * addition. Its denormals get a leading one, which is then subtracted: they must not become denormals of F32, with
     * which processors are a hundred times slower.
     */
    private static FloatVector small(IntVector magnitude, int bias, IntVector sign) {
        FloatVector normal = magnitude.add(bias << 23).reinterpretAsFloats();
        IntVector one = IntVector.broadcast(I, (bias + 1) << 23);
        FloatVector denormal = magnitude.add(one).reinterpretAsFloats().sub(one.reinterpretAsFloats());
        FloatVector value = normal.blend(
                denormal, magnitude.compare(VectorOperators.LT, 1 << 23).cast(F));
        return value.reinterpretAsInts().or(sign.and(0x80000000)).reinterpretAsFloats();
    }

    /**
     * e^x to within 2 ulp for |x| ≤ 87: range reduction by ln 2 split in two parts, then a polynomial of degree 6
     * (Cody and Waite's scheme). Arguments are clamped, so that the result is never infinite or denormal.
     */
    static FloatVector exp(FloatVector x) {
        FloatVector clamped = x.max(-87f).min(88f);
        FloatVector n = clamped.mul(1.44269504f).add(12582912f).sub(12582912f); // rounds to nearest by the magic addend
        FloatVector r = n.neg().fma(FloatVector.broadcast(F, 0.693359375f), clamped);
        r = n.neg().fma(FloatVector.broadcast(F, -2.12194440e-4f), r);
        FloatVector p = FloatVector.broadcast(F, 1.9875691500e-4f);
        p = p.fma(r, FloatVector.broadcast(F, 1.3981999507e-3f));
        p = p.fma(r, FloatVector.broadcast(F, 8.3334519073e-3f));
        p = p.fma(r, FloatVector.broadcast(F, 4.1665795894e-2f));
        p = p.fma(r, FloatVector.broadcast(F, 1.6666665459e-1f));
        p = p.fma(r, FloatVector.broadcast(F, 5.0000001201e-1f));
        p = p.fma(r.mul(r), r).add(1f);
        IntVector exponent = (IntVector) n.convertShape(VectorOperators.F2I, I, 0);
        return p.mul(exponent.add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats());
    }

    /** The scalar twin of {@link #exp}, for the elements that do not fill a vector. */
    static float exp(float x) {
        return (float) Math.exp(Math.clamp(x, -87f, 88f));
    }
}

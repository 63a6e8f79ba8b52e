/** What numbers training computes with: FP32, BF16, FP8 and a simulation of FP4, emulated to the bit where the hardware has none. */
package org.medley.training.precision;

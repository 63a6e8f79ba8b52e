package org.medley.training.trainer;

import java.lang.foreign.Arena;
import org.medley.runtime.engine.LiveModel;
import org.medley.runtime.network.Trainable;
import org.medley.training.precision.Precision;

/**
 * The student as an engine answers with it: in the trainer's own precision over the same weights, so that both find the
 * same probabilities, or in another over weights of its own.
 */
final class Served implements AutoCloseable {
    private final Student student;
    /** Null where the student's weights are used. */
    private final Student apart;

    /** @param arena how long weights of its own live */
    Served(Student student, Start start, Precision trainer, Precision engine, long seed, int sequence, Arena arena) {
        this.student = student;
        if (engine.equals(trainer)) {
            apart = null;
        } else {
            Trainable copy = start.load(seed, sequence, arena);
            apart = new Student(copy, null, engine, false, 0, seed, arena);
        }
    }

    LiveModel model(double temperature) {
        Student used = apart == null ? student : apart;
        return new LiveModel(Tempered.of(used.network(), temperature), used.serving());
    }

    /** The student's weights were changed. */
    void weightsChanged() {
        if (apart != null) {
            apart.masters()
                    .forEach((name, tensor) -> tensor.copyFrom(student.masters().get(name)));
            apart.changed();
        }
    }

    @Override
    public void close() {
        if (apart != null) {
            apart.close();
        }
    }
}

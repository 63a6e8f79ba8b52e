package org.medley.training.recipe;

import com.fasterxml.jackson.annotation.JsonInclude;

/**
 * A deeper model from a trained one, to be trained on.
 *
 * @param model name or folder of the model to grow
 * @param factor the new model has so many times the layers; default 4
 * @param form how the layers are repeated; default stack
 * @param dtype format of the result, F32 or BF16; default BF16
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record GrowRecipe(String name, String description, String model, Integer factor, Form form, String dtype)
        implements Recipe {
    /** Where the new layers' weights come from. */
    public enum Form {
        /** Layer i is a copy of layer i mod L (G_stack, Du et al. 2024). */
        stack,
        /** The same, and what the added layers add to the stream begins as nothing: the model computes what it did. */
        stack_zero
    }

    GrowRecipe completed(Checks checks) {
        checks.name(name);
        checks.given("model", model, "the name or folder of the model to grow");
        return new GrowRecipe(
                name,
                description,
                model,
                checks.range("factor", factor, 4, 2, 64),
                form == null ? Form.stack : form,
                checks.dtype(dtype));
    }
}

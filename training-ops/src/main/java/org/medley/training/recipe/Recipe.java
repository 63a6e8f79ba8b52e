package org.medley.training.recipe;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;

/** What a job is to make: one model, by training, growth or fusion. {@code kind} says which. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
@JsonSubTypes({
    @JsonSubTypes.Type(value = TrainRecipe.class, name = "train"),
    @JsonSubTypes.Type(value = GrowRecipe.class, name = "grow"),
    @JsonSubTypes.Type(value = FuseRecipe.class, name = "fuse")
})
@JsonInclude(JsonInclude.Include.NON_NULL)
public sealed interface Recipe permits TrainRecipe, GrowRecipe, FuseRecipe {
    /** The name the made model gets: lower-case letters, digits, '.', '-' and '_'. */
    String name();

    /** One line for people. */
    String description();
}

/**
 * Text held to a grammar while it is generated.
 *
 * <p>What is asked ({@link org.medley.runtime.grammar.Syntax}) becomes expressions over code points ({@code Expr}), one
 * rule per place that is written more than once. Each rule becomes a deterministic automaton over bytes ({@code Dfa});
 * calls between rules make the whole a pushdown automaton ({@code Automaton}) whose reachable situations are
 * {@code Config}s with persistent stacks. Which tokens a situation allows is found by one walk over the vocabulary's
 * trie per automaton state, remembered, and put together along the stack ({@code Masks}).
 */
package org.medley.runtime.grammar;

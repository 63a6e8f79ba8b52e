package org.medley.platform.evidence;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.medley.platform.knowledge.Knowledge;
import org.medley.platform.knowledge.Knowledge.Condition;
import org.medley.platform.knowledge.Knowledge.Source;
import org.medley.search.index.Passage;

/** What can be cited: the four sections of every monograph, each a passage with the documents behind its condition. */
public final class EvidenceLibrary {
    private final Map<String, Passage> passages = new LinkedHashMap<>();
    private final Map<String, List<Source>> sources = new LinkedHashMap<>();

    public EvidenceLibrary(Knowledge knowledge) {
        for (Condition condition : knowledge.conditions().values()) {
            List<Source> documents =
                    condition.sources().stream().map(knowledge.sources()::get).toList();
            add(condition, documents, "presentation", condition.monograph().presentation());
            add(condition, documents, "distinguishing", condition.monograph().distinguishing());
            add(condition, documents, "investigation", condition.monograph().investigation());
            add(condition, documents, "management", condition.monograph().management());
        }
    }

    private void add(Condition condition, List<Source> documents, String section, String text) {
        Passage passage = new Passage(condition.id() + "#" + section, condition.name(), section, text);
        passages.put(passage.id(), passage);
        sources.put(passage.id(), documents);
    }

    public List<Passage> passages() {
        return new ArrayList<>(passages.values());
    }

    public Passage passage(String id) {
        return passages.get(id);
    }

    public List<Source> sources(String passageId) {
        return sources.get(passageId);
    }
}

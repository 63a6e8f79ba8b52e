package org.medley.runtime.grammar;

import java.util.concurrent.ConcurrentHashMap;

/** One object for each configuration met while masks are made; starts anew when it holds too many. */
final class ConfigPool {
    private static final int MOST = 1 << 14;

    private final ConcurrentHashMap<Config, Config> configs = new ConcurrentHashMap<>();

    Config one(Config config) {
        if (configs.size() >= MOST) {
            configs.clear();
        }
        Config known = configs.putIfAbsent(config, config);
        return known == null ? config : known;
    }
}

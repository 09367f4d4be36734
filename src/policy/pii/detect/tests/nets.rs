//! Names in networks, and secrets: `«…»` marks each finding.

use super::*;

#[track_caller]
fn check(entity: Entity, marked: &[&str]) {
    let set = [
        Entity::EmailAddress,
        Entity::Url,
        Entity::DomainName,
        Entity::ApiKey,
    ]
    .into_iter()
    .collect::<EntitySet>()
    .with(entity);
    for &marked in marked {
        let text: String = marked.chars().filter(|c| !matches!(c, '«' | '»')).collect();
        let mut seen = text.clone();
        for finding in whole_of(set, &text).iter().rev() {
            assert_eq!(finding.entity, entity, "{text:?}");
            seen.insert(finding.range.end, '»');
            seen.insert(finding.range.start, '«');
        }
        assert_eq!(seen, marked);
    }
}

#[test]
fn hardware_addresses() {
    check(
        Entity::MacAddress,
        &[
            "«00:1A:2B:3C:4D:5E»",
            "mac «aa-bb-cc-dd-ee-ff».",
            "«001a.2b3c.4d5e»",
            "«02:1A:2B:ff:fe:3C:4D:5E»",
            "00:00:00:00:00:00",
            "ff:ff:ff:ff:ff:ff",
            "00:1A:2B:3C:4D:5E:6F",
            "12-34-56-78-90-12",
            "550e8400-e29b-41d4-a716-446655440000",
            "1234.5678.9012",
        ],
    );
}

#[test]
fn urls() {
    check(
        Entity::Url,
        &[
            "See «https://example.org/a_(b)?x=1#y».",
            "(«http://example.org/a»)",
            "[x](«https://example.org/a»)",
            "\"«https://example.org/a»\"",
            "«http://localhost:8080/x», and",
            "«https://me@example.org/?mail=a@b.org»",
            "«HTTPS://EXAMPLE.ORG/A»!",
            "«www.example.org»",
            "at «example.org/path»?",
            "请访问«https://example.org/a»查看",
            "«wss://example.org/a»\\n",
            "http://word",
            "http:// x",
            "https://...",
            "src/main.rs/x",
        ],
    );
}

#[test]
fn domain_names() {
    check(
        Entity::DomainName,
        &[
            "«example.com»",
            "«mail.example.com»",
            "at «shop.example.co.uk».",
            "domain: «party.app»",
            "«bücher.de»",
            "«EXAMPLE.COM»",
            "main.rs",
            "foo.py and a.md",
            "e.g. this",
            "Node.js",
            "os.path",
            "self.name",
            "user.id = 3",
            "v1.2.3",
            "org.apache.commons.io",
            "x.de(1)",
            "config.h.in",
            "1.2.de",
            "install.sh",
            "end.Then",
        ],
    );
    let text = "http://www.example.pt/ x";
    let found = whole_of(EntitySet::empty().with(Entity::DomainName), text);
    assert_eq!(found[0].range, 0..22);
    // A site is a domain name, a page is a URL, where both are looked for.
    let both = EntitySet::empty()
        .with(Entity::DomainName)
        .with(Entity::Url);
    let kind = |text: &str| whole_of(both, text)[0].entity;
    assert_eq!(kind("https://example.org/"), Entity::DomainName);
    assert_eq!(kind("https://example.org/a"), Entity::Url);
}

#[test]
fn cryptocurrencies() {
    check(
        Entity::Crypto,
        &[
            "«1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2»",
            "«3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy»,",
            "«bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq»",
            "«BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4»",
            "«bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0»",
            "«0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed»",
            "«0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed»",
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD",
            "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3",
            "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdx",
            "0x0000000000000000000000000000000000000000",
        ],
    );
}

#[test]
fn coordinates() {
    check(
        Entity::Coordinates,
        &[
            "gps: «48.8584, 2.2945»",
            "located at «-33.8688,151.2093».",
            "«40.7128° N, 74.0060° W»",
            "«40°26′46″N 79°58′56″W»",
            "\"lat\": «48.8584», \"lng\": «2.2945»}",
            "ref -70.595441, -75.274958",
            "loss 0.1234, 0.5678",
            "costs 48.85, 2.29",
        ],
    );
}

#[test]
fn secrets() {
    let jwt = "«eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N»";
    check(
        Entity::ApiKey,
        &[
            "«ghp_16C7e42F292c6912E7710c838347Ae178B4a»",
            "key \\n«ghp_16C7e42F292c6912E7710c838347Ae178B4a»",
            "«AKIAVWI7LDZNESC3H76I».",
            jwt,
            "«123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1»",
            "url = «postgres://app:hunter2@db.example.org:5432/prod»",
            "password = \"«correct9horse»\"",
            "{\"client_secret\":\"«a9F3kd0LmQ7z2XvB8nRt»\"}",
            "{\\\"api_key\\\":\\\"«a9F3kd0LmQ7z2XvB8nRt»\\\"}",
            "Authorization: Bearer «q8Zr5Tn2Vw9Xy4Bc7Df1Gh»",
            "my password is «hunter2!x», ok",
            "«-----BEGIN PRIVATE KEY-----\nMIIBVgIBADANBgkqhkiG9w0BAQEFAASCAUAwggE8AgEAAkEA\n-----END PRIVATE KEY-----»\n",
            "AKIAIOSFODNN7EXAMPLE",
            "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "api_key = \"YOUR_API_KEY\"",
            "password = ${DB_PASSWORD1}",
            "password: <secret1>",
            "password = config.password1",
            "token = get_token1()",
            "eyJub3Q.a.b",
            "postgres://app:${PASS}@db/prod",
            "max_tokens: 128000",
            "-----BEGIN PUBLIC KEY-----",
            "key: 550e8400-e29b-41d4-a716-446655440000",
            "commit d670460b4b4aece5915caf5c68d12f560a9fe3e4",
        ],
    );
}

/// What a stream holds back of words of prose: no more than the last one.
#[test]
fn pauses_end_what_is_held() {
    let set = [
        Entity::Url,
        Entity::DomainName,
        Entity::ApiKey,
        Entity::Crypto,
        Entity::MacAddress,
    ]
    .into_iter()
    .collect();
    for (text, held) in [
        ("Hello, wor", "wor"),
        ("Hello. ", ""),
        ("see example.org", "example.org"),
        ("see example.org ", ""),
        ("see https://example.org/a", "https://example.org/a"),
        ("see https://example.org/a ", ""),
        ("a -----BEGIN PRI", "-----BEGIN PRI"),
        ("a ---- ", ""),
        ("sk-", "sk-"),
    ] {
        assert_eq!(
            &text[scan(set, text, 0, false, &mut |_| {})..],
            held,
            "{text:?}"
        );
    }
}

/// What is longer than a detector reads is found as far as it reads.
#[test]
fn long_keys_and_tokens_are_found_as_far_as_they_are_read() {
    const READ: usize = 16 * 1024;
    let line = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n";
    let key = |lines: usize| {
        let body = line.repeat(lines);
        format!("-----BEGIN PRIVATE KEY-----\n{body}-----END PRIVATE KEY-----")
    };
    let token = |len: usize| {
        let body = "eyJzdWIiOiIxIn0aZ9kQ".repeat(len / 20);
        format!("eyJhbGciOiJIUzI1NiJ9.{body}.dozjgNryP4J3jVmNHl0w5N")
    };
    let keys = EntitySet::empty().with(Entity::ApiKey);
    for (text, least) in [
        (key(20), key(20).len()),
        (key(200), key(200).len()),
        (key(400), READ - 100),
        (token(3000), token(3000).len()),
        (token(9000), token(9000).len()),
        (token(30_000), READ),
    ] {
        let text = format!("see {text} there");
        let found = whole_of(keys, &text);
        assert_eq!(found[0].range.start, 4);
        assert!(found[0].range.len() >= least, "{:?}", found[0]);
        assert!(found[0].range.len() <= READ + 80);
        let mut decided = 0;
        let mut streamed = Vec::new();
        for end in (0..text.len()).step_by(500).chain([text.len()]) {
            let last = end == text.len();
            decided = scan(keys, &text[..end], decided, last, &mut |f| streamed.push(f));
            assert!(end - decided <= LONGEST);
        }
        assert_eq!(streamed, found);
    }
}

//! EC2's XML, read by the names of elements, whatever their namespace.

use std::str::FromStr;

use roxmltree::Node;

use crate::tags::Tags;

/// The text of a child, trimmed; `None`: there is none, or it is empty.
pub(crate) fn text<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    let text = child(node, name)?.text()?.trim();
    (!text.is_empty()).then_some(text)
}

/// A child's text as a number or something else that is read from text.
pub(crate) fn value<T: FromStr>(node: Node<'_, '_>, name: &str) -> Option<T> {
    text(node, name)?.parse().ok()
}

/// The first child of this name.
pub(crate) fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.children()
        .find(|child| child.tag_name().name() == name)
}

/// The items of a list, which may be missing or empty.
pub(crate) fn items<'a, 'i>(node: Node<'a, 'i>, list: &str) -> impl Iterator<Item = Node<'a, 'i>> {
    let items = child(node, list).map(|list| list.children());
    items
        .into_iter()
        .flatten()
        .filter(|item| item.tag_name().name() == "item")
}

/// The tags of a thing.
pub(crate) fn tags(node: Node<'_, '_>) -> Tags {
    let tag = |item| {
        let key = text(item, "key")?;
        Some((
            key.to_owned(),
            text(item, "value").unwrap_or_default().to_owned(),
        ))
    };
    items(node, "tagSet").filter_map(tag).collect()
}
